"""The command line: `main` parses it, `commands` carries it out."""
