"""A spin box for integers."""

from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QSpinBox

from composer.gui.widgets.line_edit import leaves_to_window

TEXT_MARGIN = 6


class CountField(QSpinBox):
    """A QSpinBox with the left margin of a line edit, which a style sheet cannot give to the field inside.

    Args:
        options: properties of QSpinBox, such as ``minimum``, ``maximum`` and ``value``.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.lineEdit().setTextMargins(TEXT_MARGIN, 0, 0, 0)
        self.editingFinished.connect(self._forget_typing)

    def event(self, event: QEvent) -> bool:
        """Leave Ctrl+Z and its counterpart to the window unless there is typing to undo or redo."""
        field = self.lineEdit()
        if leaves_to_window(event, can_undo=field.isUndoAvailable(), can_redo=field.isRedoAvailable()):
            return False
        return super().event(event)

    def _forget_typing(self) -> None:
        """Clear the history of the field inside: its undo would show a number that is not in force."""
        self.lineEdit().setText(self.lineEdit().text())
