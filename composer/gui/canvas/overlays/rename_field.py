"""Renaming in place: a field over the title of a card."""

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from composer.core import names
from composer.gui.look import theme
from composer.gui.session.session import Session
from composer.gui.widgets.labels import label, set_state

MIN_WIDTH, HEIGHT = 140, 28


class RenameField(QLineEdit):
    """Edits the id of one item; Enter renames, Esc and a click elsewhere cancel.

    Args:
        session: the session.

    Attributes:
        reason: a line below the field that tells why a name cannot be used; hidden while it can.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._home = parent
        self._id = ""
        self.setAccessibleName("New name")
        self.setMaxLength(names.MAX_LENGTH)
        self.reason = label(role="error", parent=parent)
        self.reason.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.reason.hide()
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
        set_state(self, "invalid", reason is not None)
        self.reason.setText(f"{text or 'The name'} {reason}" if reason else "")
        self.reason.setVisible(bool(reason) and self.isVisible())
        t = theme.tokens()
        self.reason.setStyleSheet(
            f"background: {t.card}; border: 1px solid {t.error}; border-radius: 4px; padding: 2px 6px;"
        )
        self.reason.adjustSize()
        left = min(self.x(), max(0, self._home.width() - self.reason.width()))
        self.reason.move(left, self.geometry().bottom() + 4)
        self.reason.raise_()

    def _rename(self) -> None:
        text = self.text().strip()
        if text == self._id or self._session.document.rename(self._id, text):
            self._close()

    def hideEvent(self, event: QHideEvent) -> None:
        """Hide the reason with the field."""
        super().hideEvent(event)
        self.reason.hide()

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
