"""A field for a few lines of free text, committed by Ctrl+Return or by leaving it."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit

from composer.gui.look import theme
from composer.gui.widgets.focus_keys import FocusKeys
from composer.gui.widgets.line_edit import leaves_to_window


class TextBox(QPlainTextEdit):
    """A plain text field of a fixed number of lines.

    Args:
        lines: the height of the field in lines.
        hint: placeholder text.

    Signals:
        committed: the text, after the user has changed it.
    """

    committed = Signal(str)

    def __init__(self, lines: int, hint: str) -> None:
        super().__init__()
        self._committed_text = ""
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        # The window has a command with the same key, which must not start a training while somebody writes a note.
        FocusKeys(self, {"Ctrl+Return": self.commit, "Ctrl+Enter": self.commit})
        self.setFixedHeight(QFontMetrics(theme.font()).lineSpacing() * lines + 18)

    def show_text(self, text: str) -> None:
        """Show a text, unless the user is typing another one."""
        if text != self._committed_text or not self.hasFocus():
            self._committed_text = text
            if self.toPlainText() != text:
                self.setPlainText(text)

    def commit(self) -> None:
        """Emit `committed` if the text has changed; from then on Ctrl+Z undoes the design, no longer the typing."""
        if self.toPlainText() != self._committed_text:
            self._committed_text = self.toPlainText()
            self.committed.emit(self._committed_text)
        self.document().clearUndoRedoStacks()

    def event(self, event: QEvent) -> bool:
        """Leave Ctrl+Z and its counterpart to the window unless there is typing to undo or redo."""
        document = self.document()
        if leaves_to_window(event, can_undo=document.isUndoAvailable(), can_redo=document.isRedoAvailable()):
            return False
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Commit when the focus leaves the field."""
        super().focusOutEvent(event)
        self.commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Restore the committed text with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.setPlainText(self._committed_text)
        else:
            super().keyPressEvent(event)
