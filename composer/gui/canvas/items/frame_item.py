"""A frame: a tinted rounded area with a title, behind the nodes."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from composer.core.graph import Frame
from composer.gui.canvas.items import metrics as lk
from composer.gui.look import theme

Z_FRAME = -10.0
TITLE_HEIGHT = 28.0


class FrameItem(QGraphicsItem):
    """The area of one frame."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame
        self.chosen = False
        self.setZValue(Z_FRAME)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.set_frame(frame)

    def set_frame(self, frame: Frame) -> None:
        """Take another title or area."""
        self.prepareGeometryChange()
        self.frame = frame
        self._rect = QRectF(*frame.rect)
        self.update()

    @property
    def title_area(self) -> QRectF:
        """Where it is taken hold of, in scene coordinates."""
        return QRectF(self._rect.x(), self._rect.y(), self._rect.width(), TITLE_HEIGHT).translated(self.pos())

    def boundingRect(self) -> QRectF:
        """What it paints at most."""
        return self._rect.adjusted(-1, -1, 1, 1)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint it."""
        tools = lk.look()
        painter.setPen(QPen(theme.color("accent"), 2) if self.chosen else QPen(theme.color("accent", 0.25), 1))
        painter.setBrush(theme.color("accent", 0.07 if tools.dark else 0.05))
        painter.drawRoundedRect(self._rect, 12, 12)
        scale = painter.worldTransform().m11()
        role = "title" if scale >= lk.DETAIL_SCALE else lk.grown("title", lk.TITLE_PX, max(scale, lk.FAR_SCALE))
        painter.setFont(lk.font_of(role))
        painter.setPen(tools.muted)
        painter.drawText(
            self._rect.topLeft() + QPointF(12, 19), lk.elided(role, self.frame.title, self._rect.width() - 24)
        )
