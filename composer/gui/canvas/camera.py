"""A graphics view whose scale and place one can set, hold fast at a point, or let glide."""

from PySide6.QtCore import QEasingCurve, QPointF, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from composer.gui.look import theme

MIN_SCALE, MAX_SCALE = 0.05, 4.0
FIT_MARGIN = 48
WORLD = 200_000.0


class Camera(QGraphicsView):
    """What part of the scene is seen.

    Args:
        scene: the scene.
    """

    moved = Signal()  # another part of the scene is seen

    def __init__(self, scene: QGraphicsScene, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.animated = True
        self._motion: QVariantAnimation | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        # Far larger than any drawing: one can pan beyond its edge at every scale. The scene keeps a tight one for its index.
        self.setSceneRect(-WORLD, -WORLD, 2 * WORLD, 2 * WORLD)
        self.horizontalScrollBar().valueChanged.connect(self.moved)
        self.verticalScrollBar().valueChanged.connect(self.moved)

    @property
    def scale_now(self) -> float:
        """Pixels of the screen for one of the scene."""
        return self.transform().m11()

    def seen(self) -> QRectF:
        """The part of the scene in view."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom, with the place under the pointer held fast.

        Args:
            factor: by how much.
            at: a place in the viewport; None for its middle.
        """
        factor = min(max(factor * self.scale_now, MIN_SCALE), MAX_SCALE) / self.scale_now
        at = at if at is not None else QPointF(self.viewport().rect().center())
        before = self.viewportTransform().inverted()[0].map(at)
        self.scale(factor, factor)
        after = self.viewportTransform().map(before)
        self.pan(at - after)
        self.moved.emit()

    def pan(self, by: QPointF) -> None:
        """Move the drawing by pixels of the screen."""
        for bar, step in ((self.horizontalScrollBar(), by.x()), (self.verticalScrollBar(), by.y())):
            bar.setValue(bar.value() - round(step))

    def show_at(self, scale: float, centre: QPointF) -> None:
        """Show the scene at a scale, around a place."""
        self.resetTransform()
        self.scale(scale, scale)
        self.centerOn(centre)
        self.moved.emit()

    def fit(self, rect: QRectF, most: float = 1.0) -> None:
        """Show a rectangle of the scene whole, moving there."""
        self.glide(self.scale_for(rect, most), rect.center())

    def scale_for(self, rect: QRectF, most: float = 1.0) -> float:
        """The scale at which a rectangle of the scene fits the view."""
        area = self.viewport().rect().adjusted(0, 0, -2 * FIT_MARGIN, -2 * FIT_MARGIN)
        if area.width() < 20 or area.height() < 20:
            area = self.viewport().rect()
        return max(min(area.width() / max(rect.width(), 1), area.height() / max(rect.height(), 1), most), MIN_SCALE)

    def glide(self, scale: float, centre: QPointF) -> None:
        """Move to a scale and a place in a moment."""
        self.stop_motion()
        first_scale, first = self.scale_now, self.seen().center()
        if (
            not self.animated
            or not self.isVisible()
            or (abs(scale - first_scale) < 1e-3 and (first - centre).manhattanLength() < 2)
        ):
            self.show_at(scale, centre)
            return
        motion = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=theme.MOTION_MS)
        motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        motion.valueChanged.connect(
            lambda t: self.show_at(first_scale * (scale / first_scale) ** t, first + (centre - first) * t)
        )
        self._motion = motion
        motion.start()

    def stop_motion(self) -> None:
        """End a movement where it is."""
        if self._motion is not None:
            self._motion.stop()
            self._motion.deleteLater()
            self._motion = None
