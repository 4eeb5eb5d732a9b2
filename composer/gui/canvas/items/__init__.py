"""What the canvas draws: cards, wires, frames, and the overview seen when zoomed out."""
