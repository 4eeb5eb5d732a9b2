"""The minimap: the whole drawing in a corner, with the part in view; click or drag to go there."""

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


class Minimap(QWidget):
    """Shows where the view is on the drawing.

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
        self._picture: QPixmap | None = None
        self._extent = QRectF()
        self._scene.extent_changed.connect(self._redraw)
        self._scene.recolored.connect(self._redraw)
        self._scene.rebuilt.connect(self._redraw)
        camera.moved.connect(self._follow)
        scene.session.theme_changed.connect(self._redraw)

    @property
    def wanted(self) -> bool:
        """Whether there is more to the drawing than is seen."""
        return bool(self._scene.nodes) and not self._camera.visible_rect().contains(self._scene.extent())

    def _redraw(self) -> None:
        self._picture = None  # drawn at the next paint, so changes in a row are drawn once
        self._follow()

    def _follow(self) -> None:
        self.setVisible(self.wanted)
        self.update()

    def _area(self) -> QRectF:
        """The part of the scene that is mapped."""
        return self._extent.adjusted(-100, -100, 100, 100)

    def _scale(self) -> float:
        area = self._area()
        return min((self.width() - 2 * PAD) / area.width(), (self.height() - 2 * PAD) / area.height())

    def _to_map(self, place: QPointF) -> QPointF:
        return QPointF(self.width() / 2, self.height() / 2) + (place - self._area().center()) * self._scale()

    def _draw(self) -> QPixmap:
        self._extent = self._scene.extent()
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
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
        return picture

    def _spots(self, scale: float) -> dict[str, list[QRectF]]:
        """Where the nodes are on the map, by family; those with an error under the empty name."""
        origin = self._to_map(QPointF(0, 0))
        left, top = origin.x(), origin.y()
        found: defaultdict[str, list[QRectF]] = defaultdict(list)
        for node in self._scene.nodes.values():
            body, said = node.scene_body(), node.content
            spot = QRectF(
                left + body.x() * scale,
                top + body.y() * scale,
                max(body.width() * scale, 2.0),
                max(body.height() * scale, 2.0),
            )
            found["" if said.error else said.family].append(spot)
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        if self._picture is None:
            self._picture = self._draw()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._picture)
        seen = self._camera.visible_rect()
        frame = QRectF(self._to_map(seen.topLeft()), seen.size() * self._scale()).intersected(
            QRectF(self.rect()).adjusted(2, 2, -2, -2)
        )
        painter.setPen(QPen(theme.color("accent"), 1.5))
        painter.setBrush(theme.color("accent", 0.08))
        painter.drawRoundedRect(frame, 2, 2)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a gesture."""
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        away = event.position() - QPointF(self.width() / 2, self.height() / 2)
        self._camera.stop_motion()
        self._camera.centerOn(self._area().center() + away / self._scale())
        event.accept()
