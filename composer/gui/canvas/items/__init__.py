"""Graphics items of the canvas: cards, wires, frames, labels, and the overview when zoomed out."""
