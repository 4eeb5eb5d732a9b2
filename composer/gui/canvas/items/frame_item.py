"""A frame: a tinted rounded rectangle with a title, behind the nodes."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from composer.core.graph import Frame
from composer.gui.canvas.items import metrics
from composer.gui.look import theme

Z_FRAME = -10.0
TITLE_HEIGHT = 28.0


class FrameItem(QGraphicsItem):
    """One frame.

    Args:
        frame: the frame of the graph.

    Attributes:
        frame: as above.
        selected: whether it is outlined as selected.
    """

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame
        self.selected = False
        self.setZValue(Z_FRAME)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.set_frame(frame)

    def set_frame(self, frame: Frame) -> None:
        """Show another title or area."""
        self.prepareGeometryChange()
        self.frame = frame
        self._rect = QRectF(*frame.rect)
        self.update()

    @property
    def title_area(self) -> QRectF:
        """The part by which it is dragged, in scene coordinates."""
        return QRectF(self._rect.x(), self._rect.y(), self._rect.width(), TITLE_HEIGHT).translated(self.pos())

    def boundingRect(self) -> QRectF:
        """Return the area that it may paint."""
        return self._rect.adjusted(-1, -1, 1, 1)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the item."""
        style = metrics.paint_style()
        painter.setPen(QPen(theme.color("accent"), 2) if self.selected else QPen(theme.color("accent", 0.25), 1))
        painter.setBrush(theme.color("accent", 0.07 if style.dark else 0.05))
        painter.drawRoundedRect(self._rect, 12, 12)
        scale = painter.worldTransform().m11()
        role = (
            "title"
            if scale >= metrics.DETAIL_SCALE
            else metrics.role_at_scale("title", metrics.TITLE_PX, max(scale, metrics.OVERVIEW_SCALE))
        )
        painter.setFont(metrics.font_of(role))
        painter.setPen(style.muted)
        painter.drawText(
            self._rect.topLeft() + QPointF(12, 19), metrics.elided(role, self.frame.title, self._rect.width() - 24)
        )
