"""Signs on the corner of a card: an error, a warning, or a difference to another design."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from composer.gui.canvas.items import metrics
from composer.gui.look import theme

RADIUS = 7.0


def paint_error_sign(painter: QPainter, style: metrics.PaintStyle, center: QPointF) -> None:
    """Paint a red disc with an exclamation mark."""
    _paint_exclamation(painter, style, center, style.error)


def paint_warning_sign(painter: QPainter, style: metrics.PaintStyle, center: QPointF) -> None:
    """Paint a disc with an exclamation mark in the colour of warnings."""
    _paint_exclamation(painter, style, center, theme.color("warning"))


def _paint_exclamation(painter: QPainter, style: metrics.PaintStyle, center: QPointF, color: QColor) -> None:
    painter.setPen(QPen(style.canvas, 1.5))
    painter.setBrush(color)
    painter.drawEllipse(center, RADIUS, RADIUS)
    painter.setPen(_stroke(style))
    painter.drawLine(center + QPointF(0, -3.5), center + QPointF(0, 0.5))
    painter.drawPoint(center + QPointF(0, 3.5))


def paint_mark_sign(painter: QPainter, style: metrics.PaintStyle, center: QPointF, mark: str) -> None:
    """Paint a disc with a plus, a minus or a wave, because color alone is not accessible.

    Args:
        painter: painter in coordinates of the card.
        style: the style.
        center: the center of the disc.
        mark: ``added``, ``removed`` or ``changed``.
    """
    painter.setPen(QPen(style.canvas, 1.5))
    painter.setBrush(metrics.mark_color(mark))
    painter.drawEllipse(center, RADIUS, RADIUS)
    painter.setPen(_stroke(style))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if mark == "changed":
        wave = QPainterPath(center + QPointF(-3.5, 1))
        wave.cubicTo(center + QPointF(-1.2, -4.5), center + QPointF(1.2, 4.5), center + QPointF(3.5, -1))
        painter.drawPath(wave)
        return
    painter.drawLine(center + QPointF(-3, 0), center + QPointF(3, 0))
    if mark == "added":
        painter.drawLine(center + QPointF(0, -3), center + QPointF(0, 3))


def _stroke(style: metrics.PaintStyle) -> QPen:
    return QPen(style.canvas, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
