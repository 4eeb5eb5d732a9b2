"""A message line inside a panel. The sentence tells the user what happened; the traceback is one click away."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from composer.gui.look import theme
from composer.gui.widgets.labels import button, column, label, row, tool_button

ICONS = {
    "info": ("info", "accent"),
    "success": ("success", "success"),
    "warning": ("warning", "warning"),
    "error": ("error", "error"),
}


class Notice(QWidget):
    """A line with an icon, a message, buttons and a close button; hidden while there is no message.

    Attributes:
        text: the message; empty while the notice is hidden.
        level: how serious the message is; empty while the notice is hidden.
        details: the longer text, such as a traceback, that the "Details" button opens.
    """

    def __init__(self) -> None:
        super().__init__()
        self._mark = QLabel()
        self._text = label(wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(4)
        self._action_buttons: dict[str, QPushButton] = {}
        self._level = ""
        self.details = ""
        layout = row(self._mark, spacing=8)
        layout.addWidget(self._text, 1)
        layout.addLayout(self._buttons)
        layout.addWidget(tool_button("close", "Close this message", self.clear))
        layout.setAlignment(self._mark, Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(layout)
        self.hide()

    @property
    def text(self) -> str:
        """The message; empty while the notice is hidden."""
        return self._text.text() if not self.isHidden() else ""

    @property
    def level(self) -> str:
        """``info``, ``success``, ``warning`` or ``error``; empty while the notice is hidden."""
        return self._level if not self.isHidden() else ""

    def show_message(
        self,
        text: str,
        level: str = "info",
        *,
        details: str = "",
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
    ) -> None:
        """Show a message, replacing the previous one.

        Args:
            text: one sentence; an ordinary first word is capitalized, a file or node name is not.
            level: ``info``, ``success``, ``warning`` or ``error``.
            details: text for the "Details" button, such as a traceback; empty for no button.
            actions: label and callback of further buttons. Clicking one also closes the notice.
        """
        self._level, self.details = level, details
        self._text.setText(_capitalized(text))
        self.refresh_theme()
        for old in self._action_buttons.values():
            self._buttons.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._action_buttons = {name: button(name, partial(self._run, action), "link") for name, action in actions}
        if details.strip():
            self._action_buttons["Details"] = button("Details", self.show_details, "link")
        for action_button in self._action_buttons.values():
            self._buttons.addWidget(action_button)
        self.show()

    def action(self, text: str) -> QPushButton | None:
        """Return the button with this label, or None if there is none."""
        return self._action_buttons.get(text) if not self.isHidden() else None

    def clear(self) -> None:
        """Remove the message and hide the notice."""
        self.hide()

    def show_details(self) -> None:
        """Open the details in a separate window."""
        dialog = QDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Details")
        text = QPlainTextEdit(self.details, readOnly=True)
        text.setFont(theme.font(theme.SMALL, mono=True))
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = row(button("Copy", lambda: QApplication.clipboard().setText(self.details)))
        buttons.addStretch(1)
        buttons.addWidget(button("Close", dialog.close, "primary"))
        layout = column(label(self._text.text(), wrap=True), text)
        layout.addLayout(buttons)
        dialog.setLayout(layout)
        dialog.resize(720, 420)
        dialog.show()

    def refresh_theme(self) -> None:
        """Redraw the icon in the colours of the current theme."""
        self._mark.setPixmap(theme.icon(*ICONS.get(self._level, ICONS["info"])).pixmap(theme.ICON, theme.ICON))

    def _run(self, action: Callable[[], object]) -> None:
        self.clear()
        action()


def _capitalized(text: str) -> str:
    """Capitalize the first word of an engine's message, unless it is a name such as ``net.py`` or ``stem:``."""
    first_word = text.split(" ", maxsplit=1)[0]
    return text[:1].upper() + text[1:] if first_word.isalpha() else text
