"""Keys of one widget: they work while it has the focus, and take precedence over the shortcuts of the window.

A `QShortcut` is not used for this: PySide6 ignores the ``context`` that its constructor takes, so the shortcut works in
the whole window, and Qt then runs neither it nor the command of the canvas with the same key. Nor is
``QKeySequence.StandardKey`` a list of keys that a panel may take: on X11 ``Delete`` is also Ctrl+D.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget


class FocusKeys(QObject):
    """Runs functions for keys that are pressed while a widget has the focus.

    Args:
        widget: the widget; also the parent of this object.
        keys: what each key runs.
    """

    def __init__(self, widget: QWidget, keys: dict[str, Callable[[], object]]) -> None:
        super().__init__(widget)
        self._keys = {QKeySequence(key).toString(): function for key, function in keys.items()}
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim the keys before shortcuts get them, and run their functions."""
        if not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        function = self._keys.get(QKeySequence(event.keyCombination()).toString())
        if function is None:
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress:
            if not event.isAutoRepeat():
                function()
            return True
        return super().eventFilter(watched, event)
