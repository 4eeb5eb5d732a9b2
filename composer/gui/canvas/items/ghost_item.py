"""Ghosts: cards and wires that a comparison shows although they are no longer in the design."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import Content
from composer.gui.canvas.items.node_item import NodeItem

Z_GHOST = 9.0  # below the cards, above the wires
BOW = 90.0  # how far a long wire bows to go around the cards that are in its way now
OPACITY = 0.9


class GhostItem(QGraphicsItem):
    """A removed card; it looks like one, but hit tests do not find it as one.

    Args:
        content: what it shows.
        down: whether wires run top-down.
    """

    def __init__(self, content: Content, down: bool) -> None:
        super().__init__()
        # The card is never added to the scene: it paints, and knows its size and its ports.
        self._card = NodeItem(content, down)
        self._card.show_state(mark="removed")
        self.setZValue(Z_GHOST)
        self.setOpacity(OPACITY)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def scene_body(self) -> QRectF:
        """Return the body in scene coordinates."""
        return self._card.body.translated(self.pos())

    def port_position(self, output: bool, index: int) -> QPointF:
        """Return the position of a port in the scene."""
        return self.pos() + self._card.port_position(output, index)

    def boundingRect(self) -> QRectF:
        """Return the area that it may paint."""
        return self._card.boundingRect()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the card."""
        self._card.paint(painter, option, widget)


class GhostWire(QGraphicsItem):
    """A removed wire, as a dashed curve.

    Args:
        start: position of the output port.
        end: position of the input port.
        down: whether wires run top-down.
    """

    def __init__(self, start: QPointF, end: QPointF, down: bool) -> None:
        super().__init__()
        away = end - start
        reach = max(40.0, abs(away.y() if down else away.x()) / 2)
        along = QPointF(0.0, reach) if down else QPointF(reach, 0.0)
        bow = (QPointF(BOW, 0.0) if down else QPointF(0.0, BOW)) if reach > BOW else QPointF()
        self._path = QPainterPath(start)
        self._path.cubicTo(start + along + bow, end - along + bow, end)
        self.setZValue(Z_GHOST - 1)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        """Return the area that it may paint."""
        return self._path.boundingRect().adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the curve."""
        pen = QPen(QColor(metrics.mark_color("removed")), 1.5, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([4.0, 4.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
