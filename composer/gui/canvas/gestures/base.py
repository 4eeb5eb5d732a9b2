"""What all gestures share: the pointer, the surface they act on, and their life from press to release."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QPointF, Qt, SignalInstance

from composer.gui.canvas.scene import DesignScene
from composer.gui.session.session import Session

DRAG_DISTANCE = 4.0  # pixels of the screen before a press becomes a drag


class Surface(Protocol):
    """What gestures use of the view."""

    @property
    def design_scene(self) -> DesignScene:
        """The scene."""

    @property
    def session(self) -> Session:
        """The session."""

    @property
    def quick_add_requested(self) -> SignalInstance:
        """Signal that opens the list of blocks: a scene position, and (port, its tensor layout) or None."""

    def reach(self, pixels: float) -> float:
        """Convert a distance on the screen to one in the scene."""

    def pan(self, by: QPointF) -> None:
        """Move the drawing by pixels of the screen."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """State of the mouse at one event.

    Attributes:
        scene: position in the scene.
        view: position in the viewport, in pixels of the screen.
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
    """One mouse gesture, from press to release.

    The view calls `start` once, `move` any number of times, then either `end` or `cancel`. Only `end` edits the design;
    everything before is a preview that `cancel` takes back. Subclasses that override `start` call it on the base class.

    Args:
        surface: the view it happens in.

    Attributes:
        surface, scene, session, document: what it acts on.
        pressed: the pointer when the button went down; None before `start`.
    """

    def __init__(self, surface: Surface) -> None:
        self.surface = surface
        self.scene = surface.design_scene
        self.session = surface.session
        self.document = surface.session.document
        self.pressed: Pointer | None = None

    def start(self, pointer: Pointer) -> None:
        """Handle the press of the button."""
        self.pressed = pointer

    def move(self, pointer: Pointer) -> None:
        """Update the preview."""

    def end(self, pointer: Pointer) -> None:
        """Handle the release of the button: apply the edit."""

    def cancel(self) -> None:
        """Remove the preview."""

    def dragged(self, pointer: Pointer) -> bool:
        """Return whether the pointer has moved far enough from the press for a drag."""
        return self.pressed is not None and (pointer.view - self.pressed.view).manhattanLength() >= DRAG_DISTANCE
