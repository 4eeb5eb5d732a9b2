"""The command line: `main` parses it, `commands` holds one file a command."""

# Exit codes besides 0, done.
PROBLEMS = 1  # the command ran and found problems or differences
NOT_DONE = 2  # it could not be carried out: wrong usage, or a file or setting that it cannot use
CRASH = 70  # a fault of this program; the value of EX_SOFTWARE in sysexits.h
INTERRUPTED = 130  # by SIGINT, as shells report it
