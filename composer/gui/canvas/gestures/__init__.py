"""What hands do on the canvas, one class a gesture: start, move, end or cancel. Only `end` edits; all before is preview."""

from composer.gui.canvas.gestures.base import Gesture, Pointer
from composer.gui.canvas.gestures.choose import choose
from composer.gui.canvas.gestures.drop import BLOCK_MIME, DropGesture
from composer.gui.canvas.gestures.pan import PanGesture

__all__ = ["BLOCK_MIME", "DropGesture", "Gesture", "PanGesture", "Pointer", "choose"]
