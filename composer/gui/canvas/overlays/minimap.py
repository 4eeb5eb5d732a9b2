"""The minimap: the whole drawing in a corner, with a frame around the part in view; a click or drag moves the view."""

from collections import defaultdict

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from composer.gui.canvas.camera import Camera
from composer.gui.canvas.items import metrics
from composer.gui.canvas.scene import DesignScene
from composer.gui.look import theme

SIZE = QSize(176, 112)
PAD = 8.0
SCENE_MARGIN = 100.0  # around the drawing, in pixels of the scene
MIN_SPOT = 2.0  # least side of a node on the map, in pixels


class Minimap(QWidget):
    """Shows which part of the drawing is in view; hidden while everything is.

    Args:
        camera: the view, which shows a part of the drawing.
        scene: the drawing.
        parent: Qt parent.
    """

    def __init__(self, camera: Camera, scene: DesignScene, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Overview")
        self.setFixedSize(SIZE)
        self._camera = camera
        self._scene = scene
        self._pixmap: QPixmap | None = None  # drawn at the next paint, so that several changes are drawn once
        self._extent = QRectF()
        self._scene.extent_changed.connect(self._redraw)
        self._scene.recolored.connect(self._redraw)
        self._scene.rebuilt.connect(self._redraw)
        camera.moved.connect(self._follow)
        scene.session.theme_changed.connect(self._redraw)

    def _is_needed(self) -> bool:
        """Return whether part of the drawing is out of view."""
        return bool(self._scene.nodes) and not self._camera.visible_rect().contains(self._scene.extent())

    def _redraw(self) -> None:
        self._pixmap = None
        self._follow()

    def _follow(self) -> None:
        self.setVisible(self._is_needed())
        self.update()

    def _area(self) -> QRectF:
        """Return the part of the scene that is mapped."""
        margin = SCENE_MARGIN
        return self._extent.adjusted(-margin, -margin, margin, margin)

    def _scale(self) -> float:
        area = self._area()
        return min((self.width() - 2 * PAD) / area.width(), (self.height() - 2 * PAD) / area.height())

    def _to_map(self, point: QPointF) -> QPointF:
        return QPointF(self.width() / 2, self.height() / 2) + (point - self._area().center()) * self._scale()

    def _draw(self) -> QPixmap:
        self._extent = self._scene.extent()
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("strong_border"), 1))
        painter.setBrush(theme.color("panel", 0.94))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        scale = self._scale()
        for frame in self._scene.frames.values():
            painter.setBrush(theme.color("accent", 0.15))
            painter.drawRect(QRectF(self._to_map(frame.boundingRect().topLeft()), frame.boundingRect().size() * scale))
        for family, spots in self._spots(scale).items():
            painter.setBrush(metrics.family_brush(family) if family else theme.color("error"))
            painter.drawRects(spots)
        painter.end()
        return pixmap

    def _spots(self, scale: float) -> dict[str, list[QRectF]]:
        """Return the rectangles of the nodes on the map by family; those with an error have the empty name."""
        origin = self._to_map(QPointF(0, 0))
        left, top = origin.x(), origin.y()
        spots: defaultdict[str, list[QRectF]] = defaultdict(list)
        for node in self._scene.nodes.values():
            body, content = node.scene_body(), node.content
            spot = QRectF(
                left + body.x() * scale,
                top + body.y() * scale,
                max(body.width() * scale, MIN_SPOT),
                max(body.height() * scale, MIN_SPOT),
            )
            spots["" if content.error else content.family].append(spot)
        return spots

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the map and the frame of the part in view."""
        if self._pixmap is None:
            self._pixmap = self._draw()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._pixmap)
        visible = self._camera.visible_rect()
        frame = QRectF(self._to_map(visible.topLeft()), visible.size() * self._scale()).intersected(
            QRectF(self.rect()).adjusted(2, 2, -2, -2)
        )
        painter.setPen(QPen(theme.color("accent"), 1.5))
        painter.setBrush(theme.color("accent", 0.08))
        painter.drawRoundedRect(frame, 2, 2)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Move the view to the pointer."""
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the view to the pointer."""
        away = event.position() - QPointF(self.width() / 2, self.height() / 2)
        self._camera.stop_motion()
        self._camera.centerOn(self._area().center() + away / self._scale())
        event.accept()
