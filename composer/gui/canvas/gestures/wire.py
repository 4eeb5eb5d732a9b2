"""Wire: drag from a port to a port; or take the end of a wire and lead it elsewhere."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsPathItem

from composer.core import edits
from composer.core.blocks.ports import is_variadic
from composer.core.graph import Wire
from composer.gui.canvas.gestures.base import Gesture, Pointer
from composer.gui.canvas.gestures.wiring import End, best_port, candidates, kind_at, wire_between, wired
from composer.gui.canvas.items.wire_item import path_of
from composer.gui.canvas.routing.route import curve
from composer.gui.look import theme

if TYPE_CHECKING:
    from composer.gui.canvas.view import GraphView

MAGNET = 28.0  # pixels of the screen within which a port draws the wire to itself


class WireGesture(Gesture):
    """Draws a wire from a fixed port to another one.

    Args:
        view: the view.
        fixed: the port where it begins.
        moving: a wire whose other end was taken; None for a new wire.
    """

    def __init__(self, view: "GraphView", fixed: End, moving: Wire | None = None) -> None:
        super().__init__(view)
        self.fixed = fixed
        self.moving = moving
        self._offered: dict[End, bool] = {}
        self._target: End | None = None
        self._line = QGraphicsPathItem()

    def start(self, pointer: Pointer) -> None:
        """Begin."""
        super().start(pointer)
        self._offered = dict(candidates(self.session, self.fixed, self.moving))
        pen = QPen(theme.color("accent"), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        self._line.setPen(pen)
        self._line.setZValue(30)
        self.scene.addItem(self._line)
        if self.moving is not None:
            self.scene.wires[self.moving].setVisible(False)
        for id, node in self.scene.nodes.items():
            fitting = frozenset((end.output, end.index) for end, fit in self._offered.items() if end.id == id and fit)
            node.show_state(offered=fitting, hovered=False)
        self.scene.hover_wire(None)

    def move(self, pointer: Pointer) -> None:
        """Follow the pointer."""
        self._target = self._find(pointer)
        for id, node in self.scene.nodes.items():
            node.show_state(
                lit=(self._target.output, self._target.index) if self._target and self._target.id == id else None
            )
        place = self._place(self._target) if self._target else pointer.scene
        ends = (self._place(self.fixed), place) if self.fixed.output else (place, self._place(self.fixed))
        a, b = (self.scene.flow_point(end) for end in ends)
        self._line.setPath(path_of(curve(a, b), self.scene.down))

    def _place(self, end: End) -> QPointF:
        return self.scene.nodes[end.id].port_position(end.output, end.index)

    def _find(self, pointer: Pointer) -> End | None:
        reach = self.view.reach(MAGNET)
        node = self.scene.node_at(pointer.scene)
        near = None
        for end in self._offered:
            if node is not None and end.id != node.id:
                continue
            away = self._place(end) - pointer.scene
            distance = (away.x() ** 2 + away.y() ** 2) ** 0.5
            if distance <= reach and (near is None or (not self._offered[end], distance) < near[:2]):
                near = (not self._offered[end], distance, end)
        if near is not None:
            return near[2]
        return best_port(self.session, node.id, self._offered, self.moving) if node is not None else None

    def end(self, pointer: Pointer) -> None:
        """Carry it out."""
        self.move(pointer)
        target, moved = self._target, self.dragged(pointer)
        self.cancel()
        if target is not None:
            wire = wire_between(self.session, self.fixed, target)
            if wire != self.moving:
                variadic = is_variadic(
                    self.session.document.design, self.session.catalog, self.session.document.graph_name, wire
                )
                label = f"Wire {wire}" if self.moving is None else f"Lead wire to {wire}"
                self.session.document.edit(label, wired, wire, variadic=variadic, instead=self.moving)
        elif not moved or self.scene.node_at(pointer.scene) is not None:
            return
        elif self.moving is not None:
            self.session.document.edit(f"Take off wire {self.moving}", edits.disconnect, (self.moving,))
        else:
            self.view.quick_add_asked.emit(pointer.scene, (self.fixed, kind_at(self.session, self.fixed)))

    def cancel(self) -> None:
        """Leave everything as it was."""
        if self._line.scene() is not None:
            self.scene.removeItem(self._line)
        if self.moving in self.scene.wires and self.moving is not None:
            self.scene.wires[self.moving].setVisible(True)
        for node in self.scene.nodes.values():
            node.show_state(offered=frozenset(), lit=None)
