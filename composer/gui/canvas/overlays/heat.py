"""Heat maps of the cards: colours of a perceptually uniform map, and the bar that explains them."""

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from composer.gui.canvas.items import metrics
from composer.gui.look import theme

# Viridis (van der Walt and Smith, 2015), nine stops.
VIRIDIS = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")
SIZE = QSize(208, 56)


def heat_colour(value: float) -> QColor:
    """The colour of a share of one."""
    place = min(max(value, 0.0), 1.0) * (len(VIRIDIS) - 1)
    index = min(int(place), len(VIRIDIS) - 2)
    return metrics.mix(QColor(VIRIDIS[index]), QColor(VIRIDIS[index + 1]), place - index)


def shares(values: Mapping[str, float | None]) -> tuple[dict[str, float], float]:
    """Each node's share of the most expensive one, and what that one costs; nodes without a number are left out."""
    known = {id: value for id, value in values.items() if value is not None}
    most = max(known.values(), default=0.0)
    return ({id: value / most for id, value in known.items()} if most else {}), most


class HeatLegend(QWidget):
    """A colour bar with a title and the numbers at its ends."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(SIZE)
        self._title, self._low, self._high = "", "0", ""
        self.hide()

    def explain(self, title: str, high: str, low: str = "0") -> None:
        """Say what the colours mean."""
        self._title, self._low, self._high = title, low, high
        self.setAccessibleName(f"{title}: {low} to {high}")
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        style = metrics.paint_style()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("strong_border"), 1))
        painter.setBrush(theme.color("card"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        bar = QRectF(12, 26, self.width() - 24, 8)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for index, stop in enumerate(VIRIDIS):
            gradient.setColorAt(index / (len(VIRIDIS) - 1), QColor(stop))
        painter.fillRect(bar, gradient)
        painter.setFont(style.small)
        painter.setPen(style.text)
        painter.drawText(QPointF(12, 18), self._title)
        painter.setPen(style.muted)
        painter.drawText(QPointF(12, 48), self._low)
        painter.drawText(QPointF(self.width() - 12 - metrics.text_width("small", self._high), 48), self._high)
        painter.end()
