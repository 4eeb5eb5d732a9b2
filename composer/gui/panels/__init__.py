"""The panels: one dock, one file, one class.

The window finds every `Panel` subclass in this folder; nothing is registered by hand. A panel file imports nothing
heavy (pyqtgraph, numpy) at its top, because the window imports all panel files when it starts, to read their titles.
It constructs a panel only when its dock is first shown.
"""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from composer.gui.extensions import load_modules
from composer.gui.session.session import Session


class Panel(QWidget):
    """The content of a dock.

    A subclass sets the class attributes below and builds its widgets in the constructor. If it shows state of the
    session, it overrides `refresh` and connects the session's signals to `refresh_soon`.

    Args:
        session: the session; a panel depends on nothing else.

    Attributes:
        title: title of the dock.
        icon: name of its icon.
        area: where the dock is at first: ``left``, ``right`` or ``bottom``.
        order: position among the panels of the area and in the View menu.
        shortcut: default key sequence; empty for none.
        visible_at_start: whether the dock is open in a new window.
    """

    title = ""
    icon = ""
    area = "bottom"
    order = 50
    shortcut = ""
    visible_at_start = False

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._stale = True
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._refresh_if_shown)

    def refresh(self) -> None:
        """Show the current state of the session; called only while the panel is visible."""

    def refresh_soon(self) -> None:
        """Schedule one refresh for the next turn of the event loop; a hidden panel refreshes when it is shown."""
        self._stale = True
        if self.isVisible():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Refresh if the session changed while the panel was hidden."""
        super().showEvent(event)
        if self._stale:
            self._soon.start()

    def _refresh_if_shown(self) -> None:
        if self._stale and self.isVisible():
            self._stale = False
            self.refresh()


def load_panels() -> tuple[list[type[Panel]], dict[str, str]]:
    """Import the files of this folder.

    Returns:
        The panel classes in the order of the View menu, and the reason by file name for each file that cannot be
        imported.
    """
    modules, broken = load_modules(__name__, __path__)
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Panel) and value.__module__ == module.__name__
    ]
    return sorted(classes, key=lambda cls: (cls.order, cls.title)), broken


def panel_name(cls: type[Panel]) -> str:
    """Return the name of a panel in the settings: the name of its file."""
    return cls.__module__.rsplit(".", 1)[-1]
