"""One sentence on what happened, in a panel: what it means is the sentence, the trace is one click away."""

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
    """A line with a mark, a sentence, buttons and a cross; hidden as long as there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self._mark = QLabel()
        self._text = label(wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(4)
        self._offered: dict[str, QPushButton] = {}
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
        """What it says; empty while it is hidden."""
        return self._text.text() if not self.isHidden() else ""

    @property
    def level(self) -> str:
        """How serious it is; empty while it is hidden."""
        return self._level if not self.isHidden() else ""

    def say(
        self,
        text: str,
        level: str = "info",
        *,
        details: str = "",
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
    ) -> None:
        """Show a sentence in the place of the one before.

        Args:
            text: the sentence.
            level: ``info``, ``success``, ``warning`` or ``error``.
            details: what a click on "Details" shows, such as a traceback.
            actions: words and function of further buttons; a click also takes the sentence away.
        """
        self._level, self.details = level, details
        self._text.setText(text)
        self.refresh_look()
        for old in self._offered.values():
            self._buttons.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._offered = {name: button(name, partial(self._act, action), "link") for name, action in actions}
        if details.strip():
            self._offered["Details"] = button("Details", self.show_details, "link")
        for made in self._offered.values():
            self._buttons.addWidget(made)
        self.show()

    def action(self, text: str) -> QPushButton | None:
        """The button with these words; None while there is none."""
        return self._offered.get(text) if not self.isHidden() else None

    def clear(self) -> None:
        """Say nothing."""
        self.hide()

    def show_details(self) -> None:
        """Open the details in a window of their own."""
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

    def refresh_look(self) -> None:
        """Draw the mark in the colours of the theme in force."""
        self._mark.setPixmap(theme.icon(*ICONS.get(self._level, ICONS["info"])).pixmap(theme.ICON, theme.ICON))

    def _act(self, action: Callable[[], object]) -> None:
        self.clear()
        action()
