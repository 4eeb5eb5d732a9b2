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

Z_STROKE = 50.0


class CutGesture(Gesture):
    """Follows the pointer with a dashed line; wires that it crosses turn red and are removed at the release."""

    def start(self, pointer: Pointer) -> None:
        """Start the stroke."""
        super().start(pointer)
        self._last = pointer.scene
        self._crossed: dict[Wire, None] = {}  # an ordered set
        self._stroke = QPainterPath(pointer.scene)
        self._line = QGraphicsPathItem()
        pen = QPen(theme.color("error"), 1.5, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._line.setPen(pen)
        self._line.setZValue(Z_STROKE)
        self.scene.addItem(self._line)

    def move(self, pointer: Pointer) -> None:
        """Extend the stroke, and mark the wires that its last segment crosses."""
        self._stroke.lineTo(pointer.scene)
        self._line.setPath(self._stroke)
        area = QRectF(self._last, pointer.scene).normalized().adjusted(-1, -1, 1, 1)
        for item in self.scene.items(area):
            if (
                isinstance(item, WireItem)
                and item.wire not in self._crossed
                and crosses(item.path, self._last, pointer.scene)
            ):
                self._crossed[item.wire] = None
                item.set_state("error")
        self._last = pointer.scene

    def end(self, pointer: Pointer) -> None:
        """Remove the wires that the stroke crossed."""
        self.move(pointer)
        wires = tuple(self._crossed)
        self.cancel()
        if wires:
            label = f"Cut {wires[0]}" if len(wires) == 1 else f"Cut {len(wires)} wires"
            self.document.edit(label, edits.disconnect, wires)

    def cancel(self) -> None:
        """Remove the stroke."""
        if self._line.scene() is not None:
            self.scene.removeItem(self._line)
        self.scene.highlight.show_selection()


def crosses(path: QPainterPath, a: QPointF, b: QPointF) -> bool:
    """Return whether the segment from a to b crosses a curve."""
    for polygon in path.toSubpathPolygons():
        points = [polygon.at(index) for index in range(polygon.size())]
        if any(_segments_cross(p, q, a, b) for p, q in pairwise(points)):
            return True
    return False


def _segments_cross(p: QPointF, q: QPointF, a: QPointF, b: QPointF) -> bool:
    """Return whether the ends of each segment are on different sides of the other one."""

    def side(o: QPointF, s: QPointF, t: QPointF) -> float:
        return (s.x() - o.x()) * (t.y() - o.y()) - (s.y() - o.y()) * (t.x() - o.x())

    return side(p, q, a) * side(p, q, b) <= 0 and side(a, b, p) * side(a, b, q) <= 0 and a != b
