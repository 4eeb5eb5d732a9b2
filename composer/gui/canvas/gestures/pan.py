"""Pan: the drawing follows the hand."""

from composer.gui.canvas.gestures.base import Gesture, Pointer


class PanGesture(Gesture):
    """Moves the view; the design is not touched."""

    def start(self, pointer: Pointer) -> None:
        """Begin."""
        super().start(pointer)
        self._last = pointer.view

    def move(self, pointer: Pointer) -> None:
        """Follow the pointer."""
        self.view.pan(pointer.view - self._last)
        self._last = pointer.view
