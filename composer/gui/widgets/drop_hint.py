"""What a drop would do, shown over a widget while something is dragged across it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from composer.gui.look import theme

MARGIN, RADIUS, HEIGHT, PAD = 8, 8, 40, 24


class DropHint(QWidget):
    """A frame around a widget with a sentence in its middle; it ignores the mouse.

    Args:
        parent: the widget.

    Attributes:
        text: the sentence; empty while nothing is dragged.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._target = parent
        self.text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_text(self, text: str) -> None:
        """Show what a drop would do; an empty text hides the hint."""
        self.text = text
        self.setAccessibleName(text)
        self.setGeometry(self._target.rect())
        self.setVisible(bool(text))
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame and the sentence."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        painter.setPen(QPen(theme.color("accent"), 2, Qt.PenStyle.DashLine))
        painter.setBrush(theme.color("accent", 0.08))
        painter.drawRoundedRect(frame, RADIUS, RADIUS)
        painter.setFont(theme.font(bold=True))
        width = min(painter.fontMetrics().horizontalAdvance(self.text) + 2 * PAD, frame.width() - 2 * MARGIN)
        pill = QRectF(frame.center().x() - width / 2, frame.center().y() - HEIGHT / 2, width, HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent"))
        painter.drawRoundedRect(pill, HEIGHT / 2, HEIGHT / 2)
        painter.setPen(theme.color("on_accent"))
        text = painter.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideMiddle, int(width) - PAD)
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
