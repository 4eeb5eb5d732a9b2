"""Training a design: data, loop, optimizer, run folder."""
