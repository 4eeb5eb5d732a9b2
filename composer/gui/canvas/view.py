"""The view: turns mouse and key events into gestures, and paints the background."""

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

from composer.gui.canvas.background import Background
from composer.gui.canvas.camera import Camera
from composer.gui.canvas.gestures import DropGesture, Gesture, PanGesture, Pointer, choose
from composer.gui.canvas.gestures.bend import toggle_bend
from composer.gui.canvas.hit_test import PORT_REACH, WIRE_REACH, node_at, port_at, wire_at
from composer.gui.canvas.items.metrics import OVERVIEW_SCALE
from composer.gui.canvas.overlays import tips
from composer.gui.canvas.scene import DesignScene
from composer.gui.session.session import Session

WHEEL_STEP = 1.0012  # zoom factor per eighth of a degree of the wheel


class GraphView(Camera):
    """Shows a scene and runs the gestures on it.

    Args:
        scene: the scene.
        session: the session.
        parent: Qt parent.

    Attributes:
        design_scene: the scene.
        session: the session.
        hand: whether the left button pans.
        pointer: last position of the pointer, in the scene.

    Signals:
        quick_add_requested: the list of blocks at a scene position, for a (port, its tensor layout) or None.
        rename_requested: the name field of an item, by id.
        menu_requested: the context menu at a scene position and a screen position.
    """

    quick_add_requested = Signal(object, object)
    rename_requested = Signal(str)
    menu_requested = Signal(object, object)

    def __init__(self, scene: DesignScene, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.design_scene = scene
        self.session = session
        self.hand = False
        self.pointer = QPointF()
        self._gesture: Gesture | None = None
        self._space = False  # whether the space bar is held, which pans like the hand
        self._menu_due = False
        self._background = Background()
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setAcceptDrops(True)
        self.moved.connect(self._choose_level_of_detail)
        scene.changing.connect(self._on_scene_changing)

    def _choose_level_of_detail(self) -> None:
        self.design_scene.overview.set_on(self.current_scale < OVERVIEW_SCALE)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Paint the dots."""
        painter.save()
        painter.resetTransform()
        transform = self.viewportTransform()
        area = transform.mapRect(QRectF(rect)).toAlignedRect()
        self._background.paint(painter, area, transform.map(QPointF(0, 0)).toPoint(), self.current_scale)
        painter.restore()

    def reach(self, pixels: float) -> float:
        """Convert a distance on the screen to one in the scene; at most double it, so that small cards stay apart."""
        return min(pixels / self.current_scale, 2 * pixels)

    # --- gestures ---------------------------------------------------------------------------------------------------

    @property
    def gesture(self) -> Gesture | None:
        """The current gesture."""
        return self._gesture

    def _pointer_of(self, event: QMouseEvent | QDropEvent) -> Pointer:
        at = event.position()
        self.pointer = self.viewportTransform().inverted()[0].map(at)
        button = event.button() if isinstance(event, QMouseEvent) else Qt.MouseButton.LeftButton
        return Pointer(self.pointer, at, event.modifiers(), button)

    def cancel_gesture(self) -> bool:
        """Cancel the current gesture; return whether there was one."""
        gesture, self._gesture = self._gesture, None
        if gesture is None:
            return False
        gesture.cancel()
        self.show_cursor()
        return True

    def _on_scene_changing(self) -> None:
        """Cancel a gesture whose items are about to change, by an undo with the button held or by another design."""
        if not isinstance(self._gesture, PanGesture):
            self.cancel_gesture()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a gesture; a second button cancels the current one."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.stop_motion()
        if self.cancel_gesture():
            return
        pointer = self._pointer_of(event)
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
        """Pass the pointer to the gesture, or mark what is under it."""
        pointer = self._pointer_of(event)
        if self._gesture is not None:
            self._gesture.move(pointer)
        else:
            self._hover(pointer)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the gesture."""
        pointer = self._pointer_of(event)
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.end(pointer)
            self.show_cursor()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Enter a sub-graph, rename a node, toggle a bend, or open the list of blocks."""
        pointer = self._pointer_of(event)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        node = node_at(self.design_scene, pointer.scene)
        if node is not None and node.content.stacked:
            self.session.document.enter(node.id)
        elif node is not None:
            self.rename_requested.emit(node.id)
        elif not toggle_bend(self, pointer):
            self.quick_add_requested.emit(pointer.scene, None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Request the context menu, unless the right button was part of a gesture."""
        if self._gesture is None and (self._menu_due or event.reason() != QContextMenuEvent.Reason.Mouse):
            self._menu_due = False
            self.menu_requested.emit(self.mapToScene(event.pos()), event.globalPos())
        event.accept()

    def _hover(self, pointer: Pointer) -> None:
        scene, point = self.design_scene, pointer.scene
        port = port_at(scene, point, self.reach(PORT_REACH))
        node = port[0] if port else node_at(scene, point)
        scene.highlight.hover_node(node, port[1:] if port else None)
        wire = None if node is not None else wire_at(scene, point, self.reach(WIRE_REACH))
        scene.highlight.hover_wire(wire.wire if wire is not None else None)
        self.show_cursor(port is not None)

    def show_cursor(self, port: bool = False) -> None:
        """Show the cursor that fits the tool, and whether there is a port under it."""
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
        """Zoom, or pan with two fingers on a touch pad."""
        self.stop_motion()
        if not event.pixelDelta().isNull() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan(QPointF(event.pixelDelta()))
        else:
            delta = event.angleDelta().y() or event.angleDelta().x()
            self.zoom(WHEEL_STEP**delta, event.position())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        """Zoom by a pinch, show tooltips, and stop marking what the pointer leaves."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom(1.0 + event.value(), event.position())
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        if event.type() == QEvent.Type.Leave:
            self.design_scene.highlight.hover_wire(None)
            self.design_scene.highlight.hover_node(None)
        return super().viewportEvent(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        text = ""
        if self._gesture is None:
            text = tips.tip(self.design_scene, self.mapToScene(event.pos()), self.reach(WIRE_REACH))
        QToolTip.showText(event.globalPos(), text, self.viewport())

    def focusNextPrevChild(self, _next: bool) -> bool:
        """Keep the focus: Tab opens the list of blocks."""
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Cancel the gesture with Esc, take the hand with Space; other keys go on to the parent."""
        if event.key() == Qt.Key.Key_Escape and self.cancel_gesture():
            return
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self.show_cursor()
            return
        event.ignore()

    def event(self, event: QEvent) -> bool:
        """Keep Escape from the shortcuts while it would cancel a gesture."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self._gesture is not None
        ):
            event.accept()
            return True
        return super().event(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Release the hand."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.show_cursor()
            return
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Release the hand."""
        self._space = False
        super().focusOutEvent(event)

    # --- drops ------------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Start a drop gesture for a block from the palette."""
        block = DropGesture.block_of(event.mimeData())
        if not block:
            event.ignore()  # files are handled by the window
            return
        self.cancel_gesture()
        self._gesture = DropGesture(self, block)
        self._gesture.start(self._pointer_of(event))
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where the block would be dropped."""
        if isinstance(self._gesture, DropGesture):
            self._gesture.move(self._pointer_of(event))
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Cancel the drop."""
        self.cancel_gesture()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add the block."""
        gesture, self._gesture = self._gesture, None
        if isinstance(gesture, DropGesture):
            gesture.end(self._pointer_of(event))
            event.acceptProposedAction()
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Report that another part of the scene is visible."""
        super().resizeEvent(event)
        self.moved.emit()
