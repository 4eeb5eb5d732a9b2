"""The commands: one file each, whose function `run` takes the options as typed parameters and returns the exit code.

Heavy imports are inside the functions, so that the command line starts quickly.
"""
