"""A strip above the canvas that offers something and waits, without stopping the work."""

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from composer.gui import theme
from composer.gui.widgets.labels import button, label, row, tool_button


class Banner(QWidget):
    """One line with a text, choices and a cross.

    Args:
        text: what is offered.
        choices: text and action of each button; the first is the primary one.
        dismissed: called when the cross is clicked.
    """

    def __init__(self, text: str, choices: list[tuple[str, Callable[[], object]]], dismissed: Callable[[], object] | None = None) -> None:
        super().__init__()
        mark = QLabel()
        mark.setPixmap(theme.icon("info", "accent").pixmap(theme.ICON, theme.ICON))
        layout = row(mark, label(text), margin=0)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addStretch(1)
        for index, (name, action) in enumerate(choices):
            layout.addWidget(button(name, partial(self._choose, action), "primary" if index == 0 else ""))
        layout.addWidget(tool_button("close", "Not now", lambda: self._choose(dismissed)))
        self.setLayout(layout)

    def _choose(self, action: Callable[[], object] | None) -> None:
        self.hide()
        self.deleteLater()
        if action is not None:
            action()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A ground that differs from the canvas."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.tokens().tint))
