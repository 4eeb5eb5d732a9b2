"""Training runs as the window sees them: running, finished, compared."""
