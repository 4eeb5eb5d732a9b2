"""The pages of the inspector: the design, an input or output, and nodes with the form made from the block's parameters."""
