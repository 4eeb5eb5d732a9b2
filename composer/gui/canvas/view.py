"""The view: pan, zoom, the dotted ground, and the mouse and keys handed to gestures."""

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsView, QToolTip, QWidget

from composer.gui.canvas.background import Ground
from composer.gui.canvas.camera import Camera
from composer.gui.canvas.gestures import DropGesture, Gesture, PanGesture, Pointer, choose
from composer.gui.canvas.gestures.base import PORT_REACH, WIRE_REACH
from composer.gui.canvas.gestures.bend import toggle_bend
from composer.gui.canvas.items.metrics import OVERVIEW_SCALE
from composer.gui.canvas.overlays import tips
from composer.gui.canvas.scene import DesignScene
from composer.gui.session.session import Session

WHEEL_STEP = 1.0012  # to the power of the wheel's eighths of a degree


class GraphView(Camera):
    """Shows a scene and turns what hands do into gestures.

    Args:
        scene: the scene.
        session: the session.
    """

    quick_add_asked = Signal(object, object)  # place in the scene, what a wire asks for (or None)
    rename_asked = Signal(str)
    menu_asked = Signal(object, object)  # place in the scene, place on the screen
    key_pressed = Signal(object)

    def __init__(self, scene: DesignScene, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.design_scene = scene
        self.session = session
        self.hand = False
        self._gesture: Gesture | None = None
        self._space = False
        self._menu_due = False
        self._ground = Ground()
        self.pointer = QPointF()
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setAcceptDrops(True)
        self.moved.connect(self._choose_detail)
        scene.changing.connect(self._let_go)

    def _choose_detail(self) -> None:
        self.design_scene.overview.set_on(self.scale_now < OVERVIEW_SCALE)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Paint the dots."""
        painter.save()
        painter.resetTransform()
        origin = self.viewportTransform().map(QPointF(0, 0)).toPoint()
        self._ground.paint(
            painter, self.viewportTransform().mapRect(QRectF(rect)).toAlignedRect(), origin, self.scale_now
        )
        painter.restore()

    # --- gestures ---------------------------------------------------------------------------------------------------

    @property
    def gesture(self) -> Gesture | None:
        """The gesture under way."""
        return self._gesture

    def _pointer(self, event: QMouseEvent | QDropEvent) -> Pointer:
        at = event.position()
        place = self.viewportTransform().inverted()[0].map(at)
        self.pointer = place
        button = event.button() if isinstance(event, QMouseEvent) else Qt.MouseButton.LeftButton
        return Pointer(place, at, event.modifiers(), button)

    def cancel_gesture(self) -> bool:
        """Give up the gesture under way; returns whether there was one."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return False
        gesture.cancel()
        self.show_cursor()
        return True

    def _let_go(self) -> None:
        """Give up a gesture whose items an undo with the button held, or another design, is about to change."""
        if not isinstance(self._gesture, PanGesture):
            self.cancel_gesture()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a gesture."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.stop_motion()
        if self.cancel_gesture():  # a second button gives up what the first began
            return
        pointer = self._pointer(event)
        self._menu_due = event.button() == Qt.MouseButton.RightButton
        self._gesture = PanGesture(self) if self._pans(event) else choose(self, pointer)
        if self._gesture is not None:
            self._menu_due = False
            QToolTip.hideText()
            self._gesture.start(pointer)
            self.show_cursor()
        event.accept()

    def _pans(self, event: QMouseEvent) -> bool:
        left = event.button() == Qt.MouseButton.LeftButton
        return event.button() == Qt.MouseButton.MiddleButton or (left and (self._space or self.hand))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        pointer = self._pointer(event)
        if self._gesture is not None:
            self._gesture.move(pointer)
        else:
            self._hover(pointer)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the gesture."""
        pointer = self._pointer(event)
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.end(pointer)
            self.show_cursor()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Enter, rename, bend or add."""
        pointer = self._pointer(event)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        node = self.design_scene.node_at(pointer.scene)
        if node is not None and node.content.stacked:
            self.session.document.enter(node.id)
        elif node is not None:
            self.rename_asked.emit(node.id)
        elif not toggle_bend(self, pointer):
            self.quick_add_asked.emit(pointer.scene, None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu."""
        if self._gesture is None and (self._menu_due or event.reason() != QContextMenuEvent.Reason.Mouse):
            self._menu_due = False
            place = self.mapToScene(event.pos())
            self.menu_asked.emit(place, event.globalPos())
        event.accept()

    def reach(self, pixels: float) -> float:
        """A distance on the screen as one in the scene; zoomed out never more than twice of it, so that small cards can be told apart."""
        return min(pixels / self.scale_now, 2 * pixels)

    def _hover(self, pointer: Pointer) -> None:
        scene = self.design_scene
        port = scene.port_at(pointer.scene, self.reach(PORT_REACH))
        node = port[0] if port else scene.node_at(pointer.scene)
        scene.hover_node(node, port[1:] if port else None)
        wire = None if node is not None else scene.wire_at(pointer.scene, self.reach(WIRE_REACH))
        scene.hover_wire(wire.wire if wire is not None else None)
        self.show_cursor(port is not None)

    def show_cursor(self, port: bool = False) -> None:
        """Show the pointer that fits the tool and what lies under it."""
        if isinstance(self._gesture, PanGesture):
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space or self.hand:
            shape = Qt.CursorShape.OpenHandCursor
        else:
            shape = Qt.CursorShape.CrossCursor if port else Qt.CursorShape.ArrowCursor
        if self.viewport().cursor().shape() != shape:
            self.viewport().setCursor(shape)

    # --- wheel, pinch, keys -----------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom, or pan with two fingers."""
        self.stop_motion()
        if not event.pixelDelta().isNull() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan(QPointF(event.pixelDelta()))  # two fingers on a touch pad
        else:
            delta = event.angleDelta().y() or event.angleDelta().x()
            self.zoom(WHEEL_STEP**delta, event.position())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        """Pinch, tooltips, and the pointer that leaves."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom(1.0 + event.value(), event.position())
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = (
                tips.tip(self.design_scene, self.mapToScene(event.pos()), self.reach(WIRE_REACH))
                if self._gesture is None
                else ""
            )
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        if event.type() == QEvent.Type.Leave:
            self.design_scene.hover_wire(None)
            self.design_scene.hover_node(None)
        return super().viewportEvent(event)

    def focusNextPrevChild(self, _next: bool) -> bool:
        """Keep the focus: Tab opens the list of blocks."""
        return False  # Tab opens the list of blocks

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the key means."""
        if event.key() == Qt.Key.Key_Escape and self.cancel_gesture():
            return
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self.show_cursor()
            return
        event.ignore()
        self.key_pressed.emit(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Let go of the hand."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.show_cursor()
            return
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Let go of the hand."""
        self._space = False
        super().focusOutEvent(event)

    # --- drops ------------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Show what would be dropped."""
        block = DropGesture.block_of(event.mimeData())
        if not block:
            event.ignore()  # files are the window's
            return
        self.cancel_gesture()
        self._gesture = DropGesture(self, block)
        self._gesture.start(self._pointer(event))
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where it would be dropped."""
        if isinstance(self._gesture, DropGesture):
            self._gesture.move(self._pointer(event))
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Drop nothing."""
        self.cancel_gesture()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        gesture, self._gesture = self._gesture, None
        if isinstance(gesture, DropGesture):
            gesture.end(self._pointer(event))
            event.acceptProposedAction()
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what floats in its place."""
        super().resizeEvent(event)
        self.moved.emit()
