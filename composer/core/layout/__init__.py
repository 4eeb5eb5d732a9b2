"""Where cards lie: layered layout, space for insertions, rows, bent wires."""
