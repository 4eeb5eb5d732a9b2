"""Ctrl+Z in a field: it undoes typing first, and the design once there is no typing left to undo."""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit


def leaves_to_window(event: QEvent, *, can_undo: bool, can_redo: bool) -> bool:
    """Whether a field should leave a key to the window: undo or redo without typing to undo or redo.

    Args:
        event: any event of the field; before a shortcut runs, the focus widget is asked whether it takes the key.
        can_undo: whether the field has typing to undo.
        can_redo: whether it has typing to redo.

    Returns:
        Whether the event was such a question and is now ignored, so that the window's shortcut runs.
    """
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
        return False
    undo = event.matches(QKeySequence.StandardKey.Undo) and not can_undo
    redo = event.matches(QKeySequence.StandardKey.Redo) and not can_redo
    if undo or redo:
        event.ignore()
    return undo or redo


class LineEdit(QLineEdit):
    """A line edit that leaves undo to the design's history unless there is typing to undo."""

    def event(self, event: QEvent) -> bool:
        """Leave Ctrl+Z and its counterpart to the window unless there is typing to undo or redo."""
        if leaves_to_window(event, can_undo=self.isUndoAvailable(), can_redo=self.isRedoAvailable()):
            return False
        return super().event(event)

    def forget_typing(self) -> None:
        """Clear the history of the field: what it shows is a step of the design's history now."""
        position = self.cursorPosition()
        self.setText(self.text())  # the only way to clear it; it also ends isModified()
        self.setCursorPosition(position)
