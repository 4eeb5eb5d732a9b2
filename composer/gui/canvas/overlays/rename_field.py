"""Renaming in place: a field over the title of a card."""

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from composer.core import names
from composer.gui.session.session import Session

MIN_WIDTH, HEIGHT = 140, 28


class RenameField(QLineEdit):
    """Edits the id of one item; Enter renames, Esc and a click elsewhere cancel.

    Args:
        session: the session.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._home = parent
        self._id = ""
        self.setAccessibleName("New name")
        self.setMaxLength(names.MAX_LENGTH)
        self.textEdited.connect(self._show_problem)
        self.installEventFilter(self)
        self.hide()

    def open(self, id: str, rect: QRect) -> None:
        """Show the field for an item.

        Args:
            id: its id.
            rect: rectangle of its title in the parent.
        """
        self._id = id
        self.setText(id)
        self.setGeometry(QRect(rect.left(), rect.center().y() - HEIGHT // 2, max(rect.width(), MIN_WIDTH), HEIGHT))
        self._show_problem(id)
        self.show()
        self.raise_()
        self.selectAll()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def _show_problem(self, text: str) -> None:
        reason = names.problem(text)
        if reason is None and text != self._id and self._session.document.graph.item(text) is not None:
            reason = "is already used in this graph"
        self.setToolTip(f"{text!r} {reason}" if reason else "")
        self.setProperty("invalid", reason is not None)
        self.style().unpolish(self)
        self.style().polish(self)

    def _rename(self) -> None:
        text = self.text().strip()
        if text == self._id or self._session.document.rename(self._id, text):
            self._close()

    def _close(self) -> None:
        if self.isVisible():
            self.hide()
            self._home.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle Enter and Esc, hide with the focus, and keep keys from the shortcuts of the canvas."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._rename()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._close()
                return True
        return super().eventFilter(watched, event)
