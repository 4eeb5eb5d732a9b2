"""Move: drag the selected nodes with their wires; a single unwired node dropped on a wire is inserted there."""

from PySide6.QtCore import QPointF

from composer.core import edits
from composer.core.graph import Design, Frame, Point, Wire
from composer.gui.canvas.gestures.base import Gesture, Pointer, Surface
from composer.gui.canvas.hit_test import wire_at
from composer.gui.canvas.items.frame_item import FrameItem
from composer.gui.canvas.items.metrics import snap
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.wiring import can_splice

ALIGN = 6.0  # pixels of the scene within which a dragged node lines up with its neighbor
SIDE = 1 / 3  # share of a card at each end where Shift+click selects up- or downstream
SPLICE_REACH, SPLICE_REACH_CENTER = 12.0, 16.0  # of a wire from the pointer, and from the middle of the card


class MoveGesture(Gesture):
    """Drags nodes, or a frame with its members; a click selects.

    Args:
        surface: the view.
        node: the node under the pointer; None for a frame.
        frame: the frame whose title is under the pointer.
    """

    def __init__(self, surface: Surface, node: NodeItem | None, frame: FrameItem | None = None) -> None:
        super().__init__(surface)
        self._node = node
        self._frame = frame
        self._positions: dict[str, QPointF] = {}  # where the dragged items were
        self._moving = False
        self._splice: Wire | None = None
        self._by = QPointF()

    def start(self, pointer: Pointer) -> None:
        """Remember where the items are that a drag would move."""
        super().start(pointer)
        if self._frame is not None:
            ids: tuple[str, ...] = self._frame.frame.nodes
        else:
            assert self._node is not None
            ids = self.document.selection if self._node.id in self.document.selection else (self._node.id,)
        self._positions = {id: self.scene.nodes[id].pos() for id in ids if id in self.scene.nodes}

    def move(self, pointer: Pointer) -> None:
        """Move the items, with their wires, and mark the wire that would take the node."""
        if not self._moving:
            if not self.dragged(pointer):
                return
            self._moving = True
            if self._node is not None:
                self.document.select(self._positions)
        self._by = self._step(pointer)
        for id, position in self._positions.items():
            self.scene.nodes[id].setPos(position + self._by)
        if self._frame is not None:
            self._frame.setPos(self._by)
        self.scene.wire_layer.route_dragged(self._positions)
        self._offer_splice(pointer)

    def _step(self, pointer: Pointer) -> QPointF:
        """Return how far to move: the node under the pointer snaps to the grid, or to the line of a near neighbor."""
        assert self.pressed is not None
        by = pointer.scene - self.pressed.scene
        if self._node is None or pointer.alt:
            return QPointF(snap(by.x()), snap(by.y()))
        # 1. Put the node on the grid, so that the ends of its wires can be compared.
        home = self._positions[self._node.id]
        position = home + by
        x, y = snap(position.x()), snap(position.y())
        self._node.setPos(x, y)
        # 2. Straighten the first wire to an item that is not dragged too, if its ends are nearly in line.
        for wire in self.scene.wires:
            ends = {wire.source, wire.target}
            if self._node.id not in ends or ends <= self._positions.keys():
                continue
            request = self.scene.wire_layer.request(wire)
            off = request.end[1] - request.start[1]
            if 0 < abs(off) <= ALIGN:
                off = off if wire.source == self._node.id else -off
                x, y = (x + off, y) if self.scene.down else (x, y + off)
                break
        return QPointF(x, y) - home

    def _offer_splice(self, pointer: Pointer) -> None:
        self._splice = None
        if (
            self._node is not None
            and len(self._positions) == 1
            and not pointer.alt
            and can_splice(self.session, self._node.id)
        ):
            item = wire_at(self.scene, pointer.scene, SPLICE_REACH)
            item = item or wire_at(self.scene, self._node.pos(), SPLICE_REACH_CENTER)
            self._splice = item.wire if item is not None else None
        self.scene.highlight.hover_wire(self._splice)

    def end(self, pointer: Pointer) -> None:
        """Apply the move, insert the node on the wire, or select if it was a click."""
        if not self._moving:
            self._click(pointer)
            return
        self.move(pointer)
        splice, by = self._splice, self._by
        moved = {id: position + by for id, position in self._positions.items()}
        positions: dict[str, Point] = {id: (position.x(), position.y()) for id, position in moved.items()}
        self.cancel()
        if splice is not None:
            ((id, position),) = positions.items()
            self.document.insert_on_wire(splice, self.scene.graph.nodes[id], position)
        elif not by.isNull():
            frame = self._frame.frame if self._frame is not None else None
            label = f"Move frame {frame.title}" if frame is not None else f"Move {_counted(positions)}"
            self.document.edit(label, _move, positions, frame, (by.x(), by.y()))

    def _click(self, pointer: Pointer) -> None:
        if self._node is None:
            assert self._frame is not None
            self.document.select(self._frame.frame.nodes)
            return
        id, selection = self._node.id, self.document.selection
        if pointer.ctrl and id in selection:
            self.document.select(other for other in selection if other != id)
        elif pointer.ctrl:
            self.document.select((*selection, id))
        elif pointer.shift:
            self.document.select((*selection, *self._stream(pointer), id))
        else:
            self.document.select((id,))

    def _stream(self, pointer: Pointer) -> set[str]:
        """Return everything up- or downstream, by the part of the card that was clicked; nothing for its middle."""
        import networkx as nx  # imported on demand: it takes a tenth of a second

        assert self._node is not None
        body, point = self._node.scene_body(), pointer.scene
        along = (
            (point.y() - body.top()) / body.height() if self.scene.down else (point.x() - body.left()) / body.width()
        )
        topology = self.scene.graph.to_networkx()
        if along < SIDE:
            return set(nx.ancestors(topology, self._node.id))
        return set(nx.descendants(topology, self._node.id)) if along > 1 - SIDE else set()

    def cancel(self) -> None:
        """Put the items back."""
        for id, position in self._positions.items():
            if id in self.scene.nodes:
                self.scene.nodes[id].setPos(position)
        if self._frame is not None:
            self._frame.setPos(QPointF())
        self.scene.highlight.hover_wire(None)
        if self._moving:
            self.scene.wire_layer.restore_routes(self._positions)


def _counted(positions: dict[str, Point]) -> str:
    return next(iter(positions)) if len(positions) == 1 else f"{len(positions)} items"


def _move(design: Design, positions: dict[str, Point], frame: Frame | None, by: Point, graph: str = "") -> Design:
    """Move items to positions, and a frame by a distance."""
    design = edits.move(design, positions, graph=graph)
    if frame is None:
        return design
    x, y, width, height = frame.rect
    shifted = Frame(frame.id, frame.title, (x + by[0], y + by[1], width, height), frame.nodes)
    frames = [shifted if old.id == frame.id else old for old in design.graph(graph).frames]
    return edits.set_frames(design, frames, graph=graph)
