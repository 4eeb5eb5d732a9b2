"""The command line: `main` parses it, `commands` holds one file a command."""

# Exit code of a command that ran and found problems or differences.
PROBLEMS = 1
