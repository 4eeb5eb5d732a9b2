"""Single layers, and the arithmetic that joins branches."""
