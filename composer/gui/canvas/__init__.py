"""The canvas: cards, wires and gestures on a graphics view. `CanvasView` is all that others need."""

from composer.gui.canvas.canvas import CanvasView

__all__ = ["CanvasView"]
