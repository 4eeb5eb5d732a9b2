"""Motion of cards that an edit moves: after an arrangement, or to make space, they glide instead of jumping."""

from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QVariantAnimation

from composer.core.graph import Design
from composer.gui.canvas.scene import DesignScene
from composer.gui.look import theme

MAX_NODES = 150  # routing the wires of more takes longer than a frame


class LayoutMotion(QObject):
    """Animates what an edit moves.

    Either the edit is made inside a ``with`` block, or `expect` is called before a caller further up makes it.

    Args:
        scene: the scene.
        parent: Qt parent.

    Attributes:
        on: whether cards glide; if not, they jump.
    """

    def __init__(self, scene: DesignScene, parent: QObject) -> None:
        super().__init__(parent)
        self.on = True
        self._scene = scene
        self._before: dict[str, QPointF] = {}
        self._motion: QVariantAnimation | None = None
        self._expected: tuple[Design, Callable[[], object]] | None = None
        scene.session.document.design_changed.connect(lambda *_: self._on_design())

    def __enter__(self) -> "LayoutMotion":
        self._remember_positions()
        return self

    def __exit__(self, *_error: object) -> None:
        self._glide()

    def expect(self, design: Design, on_shown: Callable[[], object]) -> None:
        """Animate the change to a design once it is shown; another design cancels that.

        Args:
            design: the result of an edit that is still being built.
            on_shown: called when the design is shown, before the motion starts.
        """
        self._remember_positions()
        self._expected = design, on_shown

    def _remember_positions(self) -> None:
        self.stop()
        self._before = {id: node.pos() for id, node in self._scene.nodes.items()}

    def _on_design(self) -> None:
        self.stop()
        expected, self._expected = self._expected, None
        if expected is not None and expected[0] is self._scene.session.document.design:
            on_shown = expected[1]
            on_shown()
            self._glide()

    def _glide(self) -> None:
        """Move the cards from their remembered positions to where the design has them now."""
        # 1. The scene has followed the design already: compare with the remembered positions.
        nodes = self._scene.nodes
        moved = {
            id: (before, nodes[id].pos())
            for id, before in self._before.items()
            if id in nodes and nodes[id].pos() != before
        }
        visible = any(view.isVisible() for view in self._scene.views())
        if not moved or not self.on or not visible or len(nodes) > MAX_NODES:
            return
        # 2. Interpolate each position, with all wires routed again in every frame. Cards may be removed meanwhile.
        motion = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=theme.MOTION_MS)
        motion.setEasingCurve(QEasingCurve.Type.OutCubic)

        def show_frame(t: float) -> None:
            for id, (first, last) in moved.items():
                if id in nodes:
                    nodes[id].setPos(first + (last - first) * t)
            self._scene.wire_layer.route()

        motion.valueChanged.connect(show_frame)
        self._motion = motion
        # 3. Show the first frame immediately, or the cards would flash at their last positions.
        show_frame(0.0)
        motion.start()

    def stop(self) -> None:
        """Stop a motion and put the cards where the design has them."""
        motion, self._motion = self._motion, None
        if motion is not None:
            motion.stop()
            motion.deleteLater()
            self._scene.place_all()
