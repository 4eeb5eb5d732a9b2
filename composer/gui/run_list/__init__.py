"""The parts of the runs panel: the table of runs with its model and columns, the trade-off plot, and the details."""
