"""The colour bar beside a heat map: which colour is which number."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPen

from composer.gui.look import theme
from composer.gui.look.gradients import gradient_stops

# Width of the bar, its distance to the numbers, and the width of both together.
WIDTH, GAP, TOTAL_WIDTH = 12, 6, 64
TICKS = 5


def format_value(value: float) -> str:
    """Format a value with three significant digits.

    >>> format_value(0.01234), format_value(0.5), format_value(1234.0), format_value(0.0)
    ('0.0123', '0.5', '1.23e+03', '0')
    """
    return f"{value:.3g}"


def paint_color_bar(painter: QPainter, rect: QRectF, name: str, low: float, high: float) -> None:
    """Draw a colour bar with numbers.

    Args:
        painter: the painter.
        rect: its space; the numbers take the right part.
        name: name of the colour map.
        low: value of the lowest colour.
        high: value of the highest colour.
    """
    bar = QRectF(rect.left(), rect.top(), WIDTH, rect.height())
    gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    gradient.setStops(gradient_stops(name))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRect(bar)
    painter.setFont(theme.font(theme.SMALL))
    ticks = TICKS if rect.height() >= 100 else 3 if rect.height() >= 48 else 2
    for index in range(ticks):
        share = index / (ticks - 1)
        y = bar.bottom() - share * bar.height()
        painter.setPen(QPen(theme.color("strong_border"), 1))
        painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + 3, y))
        painter.setPen(theme.color("muted"))
        text = QRectF(
            bar.right() + GAP, min(max(y - 8, rect.top() - 2), rect.bottom() - 14), TOTAL_WIDTH - WIDTH - GAP, 16
        )
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, format_value(low + share * (high - low)))
