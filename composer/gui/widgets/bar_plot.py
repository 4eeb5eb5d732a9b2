"""Bars for values that lie at no place of an image: channel gates, branch weights, chosen segments."""

from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from composer.gui.look import theme
from composer.gui.widgets.color_bar import format_value
from composer.gui.widgets.readout import Readout

LEFT, BOTTOM, TOP, RIGHT = 56, 36, 12, 12
LINES = 4
WIDEST = 48


class BarPlot(QWidget):
    """Bars with a scale; the value under the pointer is said."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[float] = []
        self.axis = ""
        self.readout = Readout(self)
        self.setMouseTracking(True)
        self.setMinimumSize(QSize(120, 96))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_bars(self, values: Any, axis: str) -> None:
        """Show bars.

        Args:
            values: one number a bar.
            axis: what is counted, such as ``channel``.
        """
        self.values, self.axis = [float(value) for value in values], axis
        self.readout.hide()
        self.update()

    def to_image(self, width: int = 960, height: int = 400) -> QImage:
        """Draw the plot to an image of a size in pixels."""
        made = QImage(QSize(width, height), QImage.Format.Format_RGB32)
        made.fill(theme.color("panel"))
        painter = QPainter(made)
        self._paint(painter, QRectF(made.rect()))
        painter.end()
        return made

    def _inside(self, area: QRectF) -> QRectF:
        inside = area.adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
        # Three bars as wide as a hand look like a mistake.
        inside.setWidth(min(inside.width(), len(self.values) * WIDEST))
        return inside

    def _scale(self) -> tuple[float, float]:
        low, high = min(0.0, *self.values, 0.0), max(0.0, *self.values, 0.0)
        return (low, high) if high > low else (0.0, 1.0)

    def _paint(self, painter: QPainter, area: QRectF) -> None:
        if not self.values:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inside, (low, high) = self._inside(area), self._scale()

        def y(value: float) -> float:
            return inside.bottom() - (value - low) / (high - low) * inside.height()

        painter.setFont(theme.font(theme.SMALL))
        for line in range(LINES + 1):
            value = low + line / LINES * (high - low)
            painter.setPen(QPen(theme.color("border"), 1))
            painter.drawLine(QPointF(inside.left(), y(value)), QPointF(inside.right(), y(value)))
            painter.setPen(theme.color("muted"))
            place = QRectF(area.left(), y(value) - 8, LEFT - 8, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, format_value(value))
        step = inside.width() / len(self.values)
        gap = 1.0 if step > 4 else 0.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.tokens().accent))
        for index, value in enumerate(self.values):
            top, bottom = sorted((y(value), y(0.0)))
            painter.drawRect(QRectF(inside.left() + index * step, top, max(step - gap, 0.5), max(bottom - top, 0.5)))
        painter.setPen(theme.color("muted"))
        every = max(1, round(40 / step)) if step < 40 else 1
        for index in range(0, len(self.values), every):
            cell = QRectF(inside.left() + index * step - 20 + step / 2, inside.bottom() + 2, 40, 16)
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, str(index + 1))
        painter.drawText(
            QRectF(inside.left(), inside.bottom() + 18, max(inside.width(), 80), 16),
            Qt.AlignmentFlag.AlignHCenter,
            self.axis,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bars."""
        self._paint(QPainter(self), QRectF(self.rect()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say the value of the bar under the pointer."""
        inside, at = self._inside(QRectF(self.rect())), event.position()
        if not self.values or not inside.left() <= at.x() < inside.right():
            self.readout.hide()
            return
        index = min(int((at.x() - inside.left()) / inside.width() * len(self.values)), len(self.values) - 1)
        self.readout.show_at(
            QPoint(int(at.x()), int(at.y())), f"{self.axis} {index + 1}:  {format_value(self.values[index])}", []
        )

    def leaveEvent(self, event: Any) -> None:
        """Put the readout away."""
        self.readout.hide()
        super().leaveEvent(event)
