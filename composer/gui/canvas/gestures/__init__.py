"""Mouse gestures on the canvas, one class each: start, move, end or cancel. Only `end` edits the design."""

from composer.gui.canvas.gestures.base import Gesture, Pointer, Surface
from composer.gui.canvas.gestures.choose import choose
from composer.gui.canvas.gestures.drop import BLOCK_MIME, DropGesture
from composer.gui.canvas.gestures.pan import PanGesture

__all__ = ["BLOCK_MIME", "DropGesture", "Gesture", "PanGesture", "Pointer", "Surface", "choose"]
