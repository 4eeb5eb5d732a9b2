"""Keys of the canvas that are no commands: the arrows nudge the selection."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from composer.gui.canvas.items.metrics import GRID

SHIFT_STEPS = 10  # grid steps of a nudge with Shift
ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}


def nudge_of(event: QKeyEvent) -> tuple[float, float] | None:
    """Return how far an arrow key moves the selection, in pixels of the scene; None for another key."""
    direction = ARROWS.get(Qt.Key(event.key()))
    if direction is None or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        return None
    step = GRID * (SHIFT_STEPS if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
    return direction[0] * step, direction[1] * step
