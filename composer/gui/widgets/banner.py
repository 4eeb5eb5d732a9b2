"""A strip above the canvas that offers a choice without interrupting the work."""

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from composer.gui.look import theme
from composer.gui.widgets.labels import button, label, row, tool_button


class Banner(QWidget):
    """One line with a text, a button for each choice and a close button.

    Args:
        text: what is offered.
        choices: label and action of each button; the first is the primary one.
        dismissed: called when the close button is clicked.
        persistent: whether the banner stays open after a choice; its owner then closes it.

    Attributes:
        text: the label with the text.
    """

    def __init__(
        self,
        text: str,
        choices: list[tuple[str, Callable[[], object]]],
        dismissed: Callable[[], object] | None = None,
        *,
        persistent: bool = False,
    ) -> None:
        super().__init__()
        self._persistent = persistent
        mark = QLabel()
        mark.setPixmap(theme.icon("info", "accent").pixmap(theme.ICON, theme.ICON))
        self.text = label(text, wrap=True)  # on one line, a long text would widen the window
        layout = row(mark, self.text, margin=0)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.setStretch(1, 1)
        for index, (name, action) in enumerate(choices):
            layout.addWidget(button(name, partial(self._choose, action), "primary" if index == 0 else ""))
        layout.addWidget(tool_button("close", "Close" if persistent else "Not now", lambda: self._choose(dismissed)))
        self.setLayout(layout)

    def _choose(self, action: Callable[[], object] | None) -> None:
        if not self._persistent:
            self.hide()
            self.deleteLater()
        if action is not None:
            action()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the background with a tint that sets the banner off from the canvas."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.tokens().tint))
