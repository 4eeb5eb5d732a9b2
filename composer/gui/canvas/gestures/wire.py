"""Wire: drag from port to port, or take the end of a wire to another port."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsPathItem

from composer.core import edits
from composer.core.blocks.ports import is_variadic
from composer.core.graph import Wire
from composer.gui.canvas.gestures.base import Gesture, Pointer, Surface
from composer.gui.canvas.hit_test import distance_between, node_at, port_at
from composer.gui.canvas.items.wire_item import path_of
from composer.gui.canvas.routing.route import curve
from composer.gui.canvas.wiring import End, best_port, candidates, connect, kind_at, refusal, wire_between
from composer.gui.look import theme

SNAP_REACH = 28.0  # pixels of the screen within which the wire snaps to a port
Z_LINE = 30.0


class WireGesture(Gesture):
    """Draws a wire from a fixed port to another one.

    Args:
        surface: the view.
        fixed: the port where it starts.
        moving: the wire whose other end is being moved; None for a new wire.
    """

    def __init__(self, surface: Surface, fixed: End, moving: Wire | None = None) -> None:
        super().__init__(surface)
        self.fixed = fixed
        self.moving = moving
        self._offered: dict[End, bool] = {}  # ports that it can connect to, and whether the layouts fit
        self._target: End | None = None
        self._line = QGraphicsPathItem()

    def start(self, pointer: Pointer) -> None:
        """Mark the ports that fit, and hide the wire that is being moved."""
        super().start(pointer)
        self._offered = dict(candidates(self.session, self.fixed, self.moving))
        pen = QPen(theme.color("accent"), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        self._line.setPen(pen)
        self._line.setZValue(Z_LINE)
        self.scene.addItem(self._line)
        if self.moving is not None:
            self.scene.wires[self.moving].setVisible(False)
        for id, node in self.scene.nodes.items():
            fitting = frozenset((end.output, end.index) for end, fit in self._offered.items() if end.id == id and fit)
            node.show_state(offered=fitting, hovered=False)
        self.scene.highlight.hover_wire(None)

    def move(self, pointer: Pointer) -> None:
        """Draw the wire to the pointer, or to the port that it snaps to."""
        target = self._target = self._target_at(pointer)
        for id, node in self.scene.nodes.items():
            node.show_state(lit=(target.output, target.index) if target is not None and target.id == id else None)
        end = self._position(target) if target is not None else pointer.scene
        fixed = self._position(self.fixed)
        source, sink = (fixed, end) if self.fixed.output else (end, fixed)
        flow_point = self.scene.drawn.flow_point
        self._line.setPath(path_of(curve(flow_point(source), flow_point(sink)), self.scene.down))

    def _position(self, end: End) -> QPointF:
        return self.scene.nodes[end.id].port_position(end.output, end.index)

    def _target_at(self, pointer: Pointer) -> End | None:
        """Return the port that the wire snaps to: the nearest one, ports that fit first; on a card only its own."""
        reach = self.surface.reach(SNAP_REACH)
        node = node_at(self.scene, pointer.scene)
        nearest: tuple[bool, float, End] | None = None
        for end, fit in self._offered.items():
            if node is not None and end.id != node.id:
                continue
            distance = distance_between(self._position(end), pointer.scene)
            if distance <= reach and (nearest is None or (not fit, distance) < nearest[:2]):
                nearest = (not fit, distance, end)
        if nearest is not None:
            return nearest[2]
        return best_port(self.session, node.id, self._offered, self.moving) if node is not None else None

    def end(self, pointer: Pointer) -> None:
        """Add or move the wire, or report why it cannot be connected to what it was dropped on.

        On empty background, remove the wire that is moved, or open the list of blocks for a new one.
        """
        self.move(pointer)
        target, moved = self._target, self.dragged(pointer)
        self.cancel()
        if target is not None:
            self._connect(target)
        elif not moved:
            return
        elif (dropped_on := self._forbidden_at(pointer)) is not None:
            if reason := refusal(self.session, self.fixed, *dropped_on, self.moving):
                self.document.message.emit(f"{reason[:1].upper()}{reason[1:]}", "warning")
        elif self.moving is not None:
            self.document.edit(f"Remove wire {self.moving}", edits.disconnect, (self.moving,))
        else:
            self.surface.quick_add_requested.emit(pointer.scene, (self.fixed, kind_at(self.session, self.fixed)))

    def _forbidden_at(self, pointer: Pointer) -> tuple[str, bool | None] | None:
        """Return the item under the pointer, and at which side of its ports if not on its body."""
        near = port_at(self.scene, pointer.scene, self.surface.reach(SNAP_REACH))
        body = node_at(self.scene, pointer.scene)
        if near is not None and body in (None, near[0]) and (near[0].id, near[1]) != (self.fixed.id, self.fixed.output):
            return near[0].id, near[1]
        return (body.id, None) if body is not None else None

    def _connect(self, target: End) -> None:
        wire = wire_between(self.session, self.fixed, target)
        if wire != self.moving:
            variadic = is_variadic(self.document.design, self.session.catalog, self.document.graph_name, wire)
            label = f"Wire {wire}" if self.moving is None else f"Move wire to {wire}"
            self.document.edit(label, connect, wire, variadic=variadic, instead=self.moving)

    def cancel(self) -> None:
        """Remove the line, and show the wire that was being moved."""
        if self._line.scene() is not None:
            self.scene.removeItem(self._line)
        if self.moving is not None and self.moving in self.scene.wires:
            self.scene.wires[self.moving].setVisible(True)
        for node in self.scene.nodes.values():
            node.show_state(offered=frozenset(), lit=None)
