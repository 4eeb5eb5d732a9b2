"""Pan: the drawing follows the pointer."""

from composer.gui.canvas.gestures.base import Gesture, Pointer


class PanGesture(Gesture):
    """Moves the view; the design is not touched."""

    def start(self, pointer: Pointer) -> None:
        """Remember where the pointer is."""
        super().start(pointer)
        self._last = pointer.view

    def move(self, pointer: Pointer) -> None:
        """Move the drawing by as much as the pointer moved."""
        self.surface.pan(pointer.view - self._last)
        self._last = pointer.view
