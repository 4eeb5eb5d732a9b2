"""What a command can reach."""

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow

from composer.gui.canvas import CanvasView
from composer.gui.canvas.target import PointerTarget
from composer.gui.session.document import Document
from composer.gui.session.session import Session
from composer.gui.shell.docks import Docks


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of a window that commands work on.

    Args:
        window: the window, parent of dialogs.
        session: its session.
        canvas: its canvas.
        docks: its panels.
        actions: returns the actions that the command palette offers.
        target: what is under the pointer, for a command from a context menu.
    """

    window: QMainWindow
    session: Session
    canvas: CanvasView
    docks: Docks
    actions: Callable[[], list[QAction]]
    target: PointerTarget = field(default_factory=PointerTarget)

    @property
    def document(self) -> Document:
        """The document of the session."""
        return self.session.document

    def show_error(self, error: Exception) -> None:
        """Show an error as a message over the canvas."""
        self.session.message.emit(str(error), "error")
