"""The pages of the costs panel: the table of nodes, memory, and time."""
