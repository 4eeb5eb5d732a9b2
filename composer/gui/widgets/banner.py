"""A strip above the canvas that offers something and waits, without stopping the work."""

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from composer.gui.look import theme
from composer.gui.widgets.labels import button, label, row, tool_button


class Banner(QWidget):
    """One line with a text, choices and a cross.

    Args:
        text: what is offered.
        choices: text and action of each button; the first is the primary one.
        dismissed: called when the cross is clicked.
        stays: whether a choice leaves it open; whoever opened it closes it.
    """

    def __init__(
        self,
        text: str,
        choices: list[tuple[str, Callable[[], object]]],
        dismissed: Callable[[], object] | None = None,
        *,
        stays: bool = False,
    ) -> None:
        super().__init__()
        self._stays = stays
        mark = QLabel()
        mark.setPixmap(theme.icon("info", "accent").pixmap(theme.ICON, theme.ICON))
        self.text = label(text)
        layout = row(mark, self.text, margin=0)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addStretch(1)
        for index, (name, action) in enumerate(choices):
            layout.addWidget(button(name, partial(self._choose, action), "primary" if index == 0 else ""))
        layout.addWidget(tool_button("close", "Close" if stays else "Not now", lambda: self._choose(dismissed)))
        self.setLayout(layout)

    def _choose(self, action: Callable[[], object] | None) -> None:
        if not self._stays:
            self.hide()
            self.deleteLater()
        if action is not None:
            action()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A ground that differs from the canvas."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.tokens().tint))
