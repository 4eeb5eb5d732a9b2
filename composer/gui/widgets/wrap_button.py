"""A button whose label breaks into lines where a panel is too narrow for it."""

from collections.abc import Callable

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter

from composer.gui.look import theme

SIDE, TOP = 12, 5  # pixels between the edge of the button and its text
MIN_WIDTH = 96
TEXT_FLAGS = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


class WrapButton(QPushButton):
    """A push button that is as wide as its text at most, and grows in height when it gets less width than that.

    QPushButton never wraps: a long label, such as that of a repair, would make its panel wider than the dock.

    Args:
        text: the label.
        clicked: called on a click.
        primary: whether it is the action that most users want.
    """

    def __init__(self, text: str, clicked: Callable[[], object], *, primary: bool = False) -> None:
        super().__init__(text)
        self._ink = "on_accent" if primary else "text"
        if primary:
            self.setProperty("primary", "true")
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        # The application's style sheet fixes the height of buttons to one line.
        self.setStyleSheet("QPushButton { max-height: 4096px; }")
        self.clicked.connect(lambda _=False: clicked())

    def sizeHint(self) -> QSize:
        """Return the size of the label on one line."""
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2 * SIDE + 2, theme.CONTROL)

    def minimumSizeHint(self) -> QSize:
        """Return a width that fits the narrowest dock; the height follows from the width."""
        return QSize(min(MIN_WIDTH, self.sizeHint().width()), theme.CONTROL)

    def hasHeightForWidth(self) -> bool:
        """Tell layouts that the height depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of the label, broken into lines of a width."""
        area = QRect(0, 0, max(1, width - 2 * SIDE), 10_000)
        text = self.fontMetrics().boundingRect(area, int(TEXT_FLAGS), self.text())
        return max(theme.CONTROL, text.height() + 2 * TOP)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button without text, then the text with line breaks."""
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.setPen(theme.color(self._ink if self.isEnabled() else "faint"))
        painter.drawText(self.rect().adjusted(SIDE, 0, -SIDE, 0), int(TEXT_FLAGS), self.text())
