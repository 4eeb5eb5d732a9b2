"""Cut: a stroke through wires removes them."""

from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from composer.core import edits
from composer.core.graph import Wire
from composer.gui.canvas.gestures.base import Gesture, Pointer
from composer.gui.canvas.items.wire_item import WireItem
from composer.gui.look import theme


class CutGesture(Gesture):
    """Follows the pointer with a dashed line; wires that it crosses turn red and go at the release."""

    def start(self, pointer: Pointer) -> None:
        """Begin."""
        super().start(pointer)
        self._last = pointer.scene
        self._hit: dict[Wire, None] = {}
        self._stroke = QPainterPath(pointer.scene)
        self._line = QGraphicsPathItem()
        pen = QPen(theme.color("error"), 1.5, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._line.setPen(pen)
        self._line.setZValue(50)
        self.scene.addItem(self._line)

    def move(self, pointer: Pointer) -> None:
        """Follow the pointer."""
        self._stroke.lineTo(pointer.scene)
        self._line.setPath(self._stroke)
        piece = QPainterPath(self._last)
        piece.lineTo(pointer.scene + QPointF(0.01, 0.01))
        area = QRectF(self._last, pointer.scene).normalized().adjusted(-1, -1, 1, 1)
        for item in self.scene.items(area):
            if (
                isinstance(item, WireItem)
                and item.wire not in self._hit
                and crosses(item.path, self._last, pointer.scene)
            ):
                self._hit[item.wire] = None
                item.set_state("error")
        self._last = pointer.scene

    def end(self, pointer: Pointer) -> None:
        """Carry it out."""
        self.move(pointer)
        hit = tuple(self._hit)
        self.cancel()
        if hit:
            self.session.document.edit(
                f"Cut {hit[0]}" if len(hit) == 1 else f"Cut {len(hit)} wires", edits.disconnect, hit
            )

    def cancel(self) -> None:
        """Leave everything as it was."""
        if self._line.scene() is not None:
            self.scene.removeItem(self._line)
        self.scene.show_selection()


def crosses(path: QPainterPath, a: QPointF, b: QPointF) -> bool:
    """Whether the line from a to b crosses a curve."""
    for polygon in path.toSubpathPolygons():
        points = [polygon.at(index) for index in range(polygon.size())]
        if any(_cross(p, q, a, b) for p, q in pairwise(points)):
            return True
    return False


def _cross(p: QPointF, q: QPointF, a: QPointF, b: QPointF) -> bool:
    def side(o: QPointF, s: QPointF, t: QPointF) -> float:
        return (s.x() - o.x()) * (t.y() - o.y()) - (s.y() - o.y()) * (t.x() - o.x())

    return side(p, q, a) * side(p, q, b) <= 0 and side(a, b, p) * side(a, b, q) <= 0 and a != b
