"""A graphics view with a camera: set, pan and zoom what is visible, or glide there."""

from PySide6.QtCore import QEasingCurve, QPointF, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from composer.gui.look import theme

MIN_SCALE, MAX_SCALE = 0.05, 4.0
FIT_MARGIN = 48  # pixels of the screen around a rectangle that is fitted into the view
MIN_FIT_SIDE = 20  # of a viewport, below which it is too small for margins
WORLD = 200_000.0


class Camera(QGraphicsView):
    """Shows a part of the scene at a scale.

    Args:
        scene: the scene.
        parent: Qt parent.

    Attributes:
        animated: whether `fit` and `glide` move there instead of jumping.

    Signals:
        moved: another part of the scene is visible.
    """

    moved = Signal()

    def __init__(self, scene: QGraphicsScene, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.animated = True
        self._motion: QVariantAnimation | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        # The view's rectangle is far larger than any drawing, so that one can pan beyond its edge at every scale. The
        # scene's own rectangle is tight, for its index.
        self.setSceneRect(-WORLD, -WORLD, 2 * WORLD, 2 * WORLD)
        self.horizontalScrollBar().valueChanged.connect(self.moved)
        self.verticalScrollBar().valueChanged.connect(self.moved)

    @property
    def current_scale(self) -> float:
        """Pixels of the screen per pixel of the scene."""
        return self.transform().m11()

    def visible_rect(self) -> QRectF:
        """Return the part of the scene in view."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom around a point that stays where it is on the screen.

        Args:
            factor: factor of the scale.
            at: the point in the viewport; None for its center.
        """
        factor = min(max(factor * self.current_scale, MIN_SCALE), MAX_SCALE) / self.current_scale
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

    def show_at(self, scale: float, center: QPointF) -> None:
        """Show the scene at a scale, around a point."""
        self.resetTransform()
        self.scale(scale, scale)
        self.centerOn(center)
        self.moved.emit()

    def fit(self, rect: QRectF, max_scale: float = 1.0) -> None:
        """Glide to where a rectangle of the scene fits the view."""
        self.glide(self.scale_for(rect, max_scale), rect.center())

    def scale_for(self, rect: QRectF, max_scale: float = 1.0) -> float:
        """Return the scale at which a rectangle of the scene fits the view."""
        area = self.viewport().rect().adjusted(0, 0, -2 * FIT_MARGIN, -2 * FIT_MARGIN)
        if area.width() < MIN_FIT_SIDE or area.height() < MIN_FIT_SIDE:
            area = self.viewport().rect()
        scale = min(area.width() / max(rect.width(), 1), area.height() / max(rect.height(), 1), max_scale)
        return max(scale, MIN_SCALE)

    def glide(self, scale: float, center: QPointF) -> None:
        """Move to a scale and a center in a short animation; without one if the view is hidden or there already."""
        self.stop_motion()
        first_scale, first_center = self.current_scale, self.visible_rect().center()
        arrived = abs(scale - first_scale) < 1e-3 and (first_center - center).manhattanLength() < 2
        if not self.animated or not self.isVisible() or arrived:
            self.show_at(scale, center)
            return
        motion = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=theme.MOTION_MS)
        motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        motion.valueChanged.connect(
            lambda t: self.show_at(first_scale * (scale / first_scale) ** t, first_center + (center - first_center) * t)
        )
        self._motion = motion
        motion.start()

    def stop_motion(self) -> None:
        """Stop an animation where it is."""
        if self._motion is not None:
            self._motion.stop()
            self._motion.deleteLater()
            self._motion = None
