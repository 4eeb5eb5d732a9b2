"""What all gestures share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt

from composer.gui.canvas.items.metrics import GRID

if TYPE_CHECKING:
    from composer.gui.canvas.view import GraphView

DRAG_DISTANCE = 4.0  # pixels of the screen before a press becomes a drag
PORT_REACH, WIRE_REACH = 9.0, 6.0  # pixels of the screen within which a port or a bend, and a wire, are meant


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is.

    Args:
        scene: place in the scene.
        view: place in the viewport, in pixels of the screen.
        modifiers: keys held.
        button: button that was pressed or released.
    """

    scene: QPointF
    view: QPointF
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    button: Qt.MouseButton = Qt.MouseButton.LeftButton

    @property
    def shift(self) -> bool:
        """Whether Shift is held."""
        return bool(self.modifiers & Qt.KeyboardModifier.ShiftModifier)

    @property
    def ctrl(self) -> bool:
        """Whether Ctrl (or Command) is held."""
        return bool(self.modifiers & Qt.KeyboardModifier.ControlModifier)

    @property
    def alt(self) -> bool:
        """Whether Alt is held."""
        return bool(self.modifiers & Qt.KeyboardModifier.AltModifier)


class Gesture:
    """One thing that hands do, from press to release.

    Args:
        view: the view it happens in.
    """

    def __init__(self, view: "GraphView") -> None:
        self.view = view
        self.scene = view.design_scene
        self.session = view.session
        self.began: Pointer | None = None

    def start(self, pointer: Pointer) -> None:
        """The button went down."""
        self.began = pointer

    def move(self, pointer: Pointer) -> None:
        """The pointer moved."""

    def end(self, pointer: Pointer) -> None:
        """The button went up: carry it out."""

    def cancel(self) -> None:
        """Leave everything as it was."""

    def dragged(self, pointer: Pointer) -> bool:
        """Whether the pointer has moved far enough for a drag."""
        return self.began is not None and (pointer.view - self.began.view).manhattanLength() >= DRAG_DISTANCE


def snapped(value: float) -> float:
    """A coordinate on the grid."""
    return round(value / GRID) * GRID


def snapped_point(place: QPointF) -> tuple[float, float]:
    """A place on the grid, as the document keeps it."""
    return snapped(place.x()), snapped(place.y())
