"""A merge: a small circle with its sign, as papers draw residual connections."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.node_item import NodeItem

ARM = 5.0  # half length of a stroke of the sign


class MergeItem(NodeItem):
    """A circle, for blocks that only combine their inputs."""

    def _paint_body(self, painter: QPainter, style: metrics.PaintStyle) -> None:
        painter.setPen(self._circle_pen(style))
        painter.setBrush(self._body_brush(style))
        painter.drawEllipse(self.body.adjusted(0.75, 0.75, -0.75, -0.75))
        painter.setPen(QPen(style.text, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        match self.content.sign:
            case "+":
                painter.drawLine(QPointF(-ARM, 0), QPointF(ARM, 0))
                painter.drawLine(QPointF(0, -ARM), QPointF(0, ARM))
            case "×":
                arm = ARM * 0.75
                painter.drawLine(QPointF(-arm, -arm), QPointF(arm, arm))
                painter.drawLine(QPointF(-arm, arm), QPointF(arm, -arm))
            case sign:
                painter.setFont(style.title)
                painter.drawText(self.body, Qt.AlignmentFlag.AlignCenter, sign)

    def _circle_pen(self, style: metrics.PaintStyle) -> QPen:
        if self.selected:
            return style.selected
        if self.content.error:
            return QPen(style.error, 1.5)
        return QPen(metrics.mark_color(self.mark), 2) if self.mark else QPen(style.muted, 1.5)

    def _paint_text(self, painter: QPainter, style: metrics.PaintStyle) -> None:
        if self.selected or self.hovered:
            painter.setFont(style.small)
            painter.setPen(style.muted)
            width = metrics.text_width("small", self.content.title)
            painter.drawText(QPointF(-width / 2, self.body.bottom() + 14), self.content.title)

    def _paint_large_text(self, painter: QPainter, style: metrics.PaintStyle, scale: float) -> None:
        pass

    def _paint_ports(self, painter: QPainter, style: metrics.PaintStyle) -> None:
        if self.lit or self.offered or self.hovered:
            super()._paint_ports(painter, style)

    def boundingRect(self) -> QRectF:
        """Return the area that it may paint."""
        half = max(metrics.text_width("small", self.content.title) / 2 + 2, 20.0)
        return QRectF(-half, self.body.top() - 6, 2 * half, self.body.height() + 26)
