"""Positions of items on the canvas: layered layout, rows, space for insertions, frames."""
