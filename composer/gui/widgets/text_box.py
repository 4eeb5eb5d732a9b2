"""A few lines of free text, committed when it is left."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit

from composer.gui.look import theme


class TextBox(QPlainTextEdit):
    """A text field of some lines.

    Args:
        lines: its height.
        hint: shown while it is empty.
    """

    committed = Signal(str)

    def __init__(self, lines: int, hint: str) -> None:
        super().__init__()
        self._known = ""
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setFixedHeight(QFontMetrics(theme.font()).lineSpacing() * lines + 18)

    def show_text(self, text: str) -> None:
        """Show a text, unless something else is being typed."""
        if text != self._known or not self.hasFocus():
            self._known = text
            if self.toPlainText() != text:
                self.setPlainText(text)

    def commit(self) -> None:
        """Hand over what was typed."""
        if self.toPlainText() != self._known:
            self._known = self.toPlainText()
            self.committed.emit(self._known)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Commit."""
        super().focusOutEvent(event)
        self.commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up, Ctrl+Return commits."""
        if event.key() == Qt.Key.Key_Escape:
            self.setPlainText(self._known)
        elif (
            event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self.commit()
        else:
            super().keyPressEvent(event)
