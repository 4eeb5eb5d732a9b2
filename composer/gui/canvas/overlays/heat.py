"""Colors of the heat map, and the legend that explains them."""

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from composer.core import colormaps
from composer.gui.canvas.items import metrics
from composer.gui.look import theme
from composer.gui.look.gradients import gradient_stops

COLORMAP = "viridis"
SIZE = QSize(208, 56)


def heat_color(share: float) -> QColor:
    """Return the color of a share in [0, 1]."""
    return QColor(*colormaps.color_of(COLORMAP, share))


def shares(values: Mapping[str, float | None]) -> tuple[dict[str, float], float]:
    """Return each node's share of the largest value, and that value; nodes without a value are left out."""
    numbers = {id: value for id, value in values.items() if value is not None}
    most = max(numbers.values(), default=0.0)
    return ({id: value / most for id, value in numbers.items()} if most else {}), most


class HeatLegend(QWidget):
    """A color bar with a title and the numbers at its ends."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(SIZE)
        self._title, self._low, self._high = "", "0", ""
        self.hide()

    def explain(self, title: str, high: str, low: str = "0") -> None:
        """Show the legend.

        Args:
            title: what the colors mean.
            high: text at the end of the bar.
            low: text at its start.
        """
        self._title, self._low, self._high = title, low, high
        self.setAccessibleName(f"{title}: {low} to {high}")
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the legend."""
        style = metrics.paint_style()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("strong_border"), 1))
        painter.setBrush(theme.color("card"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        bar = QRectF(12, 26, self.width() - 24, 8)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        gradient.setStops(gradient_stops(COLORMAP))
        painter.fillRect(bar, gradient)
        painter.setFont(style.small)
        painter.setPen(style.text)
        painter.drawText(QPointF(12, 18), self._title)
        painter.setPen(style.muted)
        painter.drawText(QPointF(12, 48), self._low)
        painter.drawText(QPointF(self.width() - 12 - metrics.text_width("small", self._high), 48), self._high)
        painter.end()
