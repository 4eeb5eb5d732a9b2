"""A field for a few lines of free text, committed when it loses the focus."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit

from composer.gui.look import theme


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
        self.setFixedHeight(QFontMetrics(theme.font()).lineSpacing() * lines + 18)

    def show_text(self, text: str) -> None:
        """Show a text, unless the user is typing another one."""
        if text != self._committed_text or not self.hasFocus():
            self._committed_text = text
            if self.toPlainText() != text:
                self.setPlainText(text)

    def commit(self) -> None:
        """Emit `committed` if the text has changed."""
        if self.toPlainText() != self._committed_text:
            self._committed_text = self.toPlainText()
            self.committed.emit(self._committed_text)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Commit when the focus leaves the field."""
        super().focusOutEvent(event)
        self.commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Commit with Ctrl+Return; restore the committed text with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.setPlainText(self._committed_text)
        elif (
            event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self.commit()
        else:
            super().keyPressEvent(event)
