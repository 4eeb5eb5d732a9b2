"""The pages of the inspector: the design, an input or output, and nodes as a form built from their parameters."""
