"""Cards that move by themselves, after an arrangement or to make room, do so in a moment instead of jumping."""

from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QVariantAnimation

from composer.core.graph import Design
from composer.gui.canvas.scene import DesignScene
from composer.gui.look import theme

MOST = 150  # cards; leading the wires of more takes longer than a frame


class LayoutMotion(QObject):
    """What an edit moves glides from its old place: used as a context around the edit, or told what to expect of it.

    Args:
        scene: the scene.
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
        self.stop()
        self._before = {id: node.pos() for id, node in self._scene.nodes.items()}
        return self

    def __exit__(self, *_error: object) -> None:
        self._glide()

    def expect(self, design: Design, then: Callable[[], object]) -> None:
        """Let things glide when this very design comes to be shown, for an edit that is still in the making.

        Args:
            design: what the edit makes.
            then: what to do when it is shown.
        """
        self.__enter__()
        self._expected = design, then

    def _on_design(self) -> None:
        self.stop()
        expected, self._expected = self._expected, None
        if expected is not None and expected[0] is self._scene.session.document.design:
            expected[1]()
            self._glide()

    def _glide(self) -> None:
        nodes = self._scene.nodes
        moved = {
            id: (place, nodes[id].pos())
            for id, place in self._before.items()
            if id in nodes and nodes[id].pos() != place
        }
        if not moved or not self.on or len(nodes) > MOST or not any(view.isVisible() for view in self._scene.views()):
            return
        motion = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=theme.MOTION_MS)
        motion.setEasingCurve(QEasingCurve.Type.OutCubic)

        def place(t: float) -> None:
            for id, (first, last) in moved.items():
                if id in nodes:
                    nodes[id].setPos(first + (last - first) * t)
            self._scene.reroute()

        motion.valueChanged.connect(place)
        self._motion = motion
        place(0.0)
        motion.start()

    def stop(self) -> None:
        """End a movement; the cards are where the design has them."""
        motion, self._motion = self._motion, None
        if motion is not None:
            motion.stop()
            motion.deleteLater()
            self._scene.place_all()
