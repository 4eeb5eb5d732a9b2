"""Colors of the heat map, and the legend that explains them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class HeatScale:
    """Colours for the values of nodes.

    Args:
        shares: position of each node's value between the ends of the scale, in [0, 1].
        low: the value at the start of the scale.
        high: the value at its end.
    """

    shares: Mapping[str, float]
    low: float = 0.0
    high: float = 0.0


def heat_scale(values: Mapping[str, float | None], kind: str = "linear") -> HeatScale:
    """Return where the values of nodes are on a scale; nodes without a value are left out.

    Args:
        values: the values by id.
        kind: ``linear`` from 0 to the largest, ``share`` from 0 to 1, or ``log`` from the smallest to the largest.
    """
    numbers = {id: value for id, value in values.items() if value is not None}
    high = max(numbers.values(), default=0.0)
    if kind == "log":
        numbers = {id: value for id, value in numbers.items() if value > 0}
        low = min(numbers.values(), default=0.0)
        span = math.log(high / low) if low and high > low else 1.0
        return HeatScale({id: math.log(value / low) / span for id, value in numbers.items()}, low, high)
    if kind == "share":
        return HeatScale({id: min(max(value, 0.0), 1.0) for id, value in numbers.items()}, 0.0, 1.0)
    return HeatScale({id: value / high for id, value in numbers.items()} if high else {}, 0.0, high)


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
