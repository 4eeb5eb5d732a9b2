"""Panels: one dock, one file, one class. A file of this folder that holds a `Panel` subclass is a panel; nothing else registers it.

A panel file imports nothing heavy at its top (pyqtgraph, numpy): the window reads titles and places of all panels at its start,
but constructs a panel when its dock is first shown.
"""

import importlib
import pkgutil
from collections.abc import Iterator

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from composer.gui.session.session import Session


class Panel(QWidget):
    """The inside of a dock.

    A subclass states the class attributes below, builds its widgets in the constructor and, if it draws from the session,
    overrides `refresh` and calls `refresh_soon` from the session's signals.

    Args:
        session: the session; all that a panel knows.
    """

    title = ""
    icon = ""
    area = "bottom"  # "left", "right" or "bottom"
    order = 50  # place among the panels of the area and in the View menu
    shortcut = ""
    visible_at_start = False

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._stale = True
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._refresh_if_shown)

    def refresh(self) -> None:
        """Draw what the session holds now; called only while the panel is shown."""

    def refresh_soon(self) -> None:
        """Refresh once control is back with Qt, however often this is called before; a hidden panel waits until it is shown."""
        self._stale = True
        if self.isVisible():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while the panel was hidden."""
        super().showEvent(event)
        if self._stale:
            self._soon.start()

    def _refresh_if_shown(self) -> None:
        if self._stale and self.isVisible():
            self._stale = False
            self.refresh()


def panel_classes() -> list[type[Panel]]:
    """The panel classes of this folder, in the order of the View menu."""
    found = [cls for name in _module_names() for cls in _classes(name)]
    return sorted(found, key=lambda cls: (cls.order, cls.title))


def _module_names() -> Iterator[str]:
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            yield f"{__name__}.{module.name}"


def _classes(module_name: str) -> Iterator[type[Panel]]:
    module = importlib.import_module(module_name)
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Panel) and value.__module__ == module_name:
            yield value


def panel_name(cls: type[Panel]) -> str:
    """The name under which a panel's place is remembered: that of its file."""
    return cls.__module__.rsplit(".", 1)[-1]
