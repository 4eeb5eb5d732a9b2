"""Move: drag the selected nodes on the grid, with their wires; drop a single loose node on a wire to put it in between."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from composer.core import edits
from composer.core.graph import Design, Frame, Point, Wire
from composer.gui.canvas.gestures.base import Gesture, Pointer, snapped
from composer.gui.canvas.gestures.wiring import can_splice
from composer.gui.canvas.items.frame_item import FrameItem
from composer.gui.canvas.items.node_item import NodeItem

if TYPE_CHECKING:
    from composer.gui.canvas.view import GraphView

ALIGN = 6.0  # pixels of the scene within which a dragged node lines up with what it is wired to
SIDE = 1 / 3  # share of a card at each end where Shift+click means up- or downstream


class MoveGesture(Gesture):
    """Drags nodes, or a frame with its members; a mere click selects.

    Args:
        view: the view.
        node: the node under the pointer, or None for a frame.
        frame: the frame whose title is under the pointer.
    """

    def __init__(self, view: "GraphView", node: NodeItem | None, frame: FrameItem | None = None) -> None:
        super().__init__(view)
        self._node = node
        self._frame = frame
        self._places: dict[str, QPointF] = {}
        self._moving = False
        self._splice: Wire | None = None
        self._by = QPointF()

    def start(self, pointer: Pointer) -> None:
        """Begin."""
        super().start(pointer)
        if self._frame is not None:
            ids: tuple[str, ...] = self._frame.frame.nodes
        else:
            assert self._node is not None
            ids = (
                self.session.document.selection
                if self._node.id in self.session.document.selection
                else (self._node.id,)
            )
        self._places = {id: self.scene.nodes[id].pos() for id in ids if id in self.scene.nodes}

    def move(self, pointer: Pointer) -> None:
        """Follow the pointer."""
        assert self.began is not None
        if not self._moving:
            if not self.dragged(pointer):
                return
            self._moving = True
            if self._node is not None:
                self.session.document.select(self._places)
        self._by = self._step(pointer)
        for id, place in self._places.items():
            self.scene.nodes[id].setPos(place + self._by)
        if self._frame is not None:
            self._frame.setPos(self._by)
        self.scene.reroute_near(self._places)
        self._offer_splice(pointer)

    def _step(self, pointer: Pointer) -> QPointF:
        """How far to move: the node under the pointer lands on the grid, and in line with a neighbour that is nearly so."""
        assert self.began is not None
        by = pointer.scene - self.began.scene
        if self._node is None or pointer.alt:
            return QPointF(snapped(by.x()), snapped(by.y()))
        home = self._places[self._node.id]
        place = home + by
        x, y = snapped(place.x()), snapped(place.y())
        self._node.setPos(x, y)
        for wire in self.scene.wires:
            if (wire.source == self._node.id) != (wire.target == self._node.id) and not {
                wire.source,
                wire.target,
            } <= self._places.keys():
                link = self.scene.layer.link(wire)
                off = link.end[1] - link.start[1]
                if 0 < abs(off) <= ALIGN:
                    off = off if wire.source == self._node.id else -off
                    x, y = (x + off, y) if self.scene.down else (x, y + off)
                    break
        return QPointF(x, y) - home

    def _offer_splice(self, pointer: Pointer) -> None:
        wire = None
        if (
            self._node is not None
            and len(self._places) == 1
            and not pointer.alt
            and can_splice(self.session, self._node.id)
        ):
            found = self.scene.wire_at(pointer.scene, 12.0) or self.scene.wire_at(self._node.pos(), 16.0)
            wire = found.wire if found is not None else None
        self._splice = wire
        self.scene.hover_wire(wire)

    def end(self, pointer: Pointer) -> None:
        """Carry it out."""
        if not self._moving:
            self._click(pointer)
            return
        self.move(pointer)
        splice, by = self._splice, self._by
        positions: dict[str, Point] = {id: ((place + by).x(), (place + by).y()) for id, place in self._places.items()}
        self.cancel()
        if by.isNull() and splice is None:
            return
        if splice is not None:
            ((id, place),) = positions.items()
            self.session.document.insert_on_wire(splice, self.scene.graph.nodes[id], place)
        else:
            frame = self._frame.frame if self._frame is not None else None
            what = (
                f"frame {frame.title}"
                if frame
                else next(iter(positions))
                if len(positions) == 1
                else f"{len(positions)} items"
            )
            self.session.document.edit(f"Move {what}", _moved, positions, frame, (by.x(), by.y()))

    def _click(self, pointer: Pointer) -> None:
        if self._node is None:
            assert self._frame is not None
            self.session.document.select(self._frame.frame.nodes)
            return
        id, chosen = self._node.id, self.session.document.selection
        if pointer.ctrl:
            self.session.document.select(tuple(c for c in chosen if c != id) if id in chosen else (*chosen, id))
        elif pointer.shift:
            self.session.document.select((*chosen, *self._stream(pointer), id))
        else:
            self.session.document.select((id,))

    def _stream(self, pointer: Pointer) -> set[str]:
        """Everything up- or downstream, by the part of the card that was clicked; nothing in its middle."""
        import networkx as nx  # not before it is needed: importing it takes a tenth of a second

        assert self._node is not None
        body = self._node.scene_body()
        along = (
            (pointer.scene.y() - body.top()) / body.height()
            if self.scene.down
            else (pointer.scene.x() - body.left()) / body.width()
        )
        topology = self.scene.graph.to_networkx()
        if along < SIDE:
            return set(nx.ancestors(topology, self._node.id))
        return set(nx.descendants(topology, self._node.id)) if along > 1 - SIDE else set()

    def cancel(self) -> None:
        """Leave everything as it was."""
        for id, place in self._places.items():
            if id in self.scene.nodes:
                self.scene.nodes[id].setPos(place)
        if self._frame is not None:
            self._frame.setPos(QPointF())
        self.scene.hover_wire(None)
        if self._moving:
            self.scene.restore_routes(self._places)


def _moved(design: Design, positions: dict[str, Point], frame: Frame | None, by: Point, graph: str = "") -> Design:
    design = edits.move(design, positions, graph)
    if frame is None:
        return design
    x, y, width, height = frame.rect
    shifted = Frame(frame.id, frame.title, (x + by[0], y + by[1], width, height), frame.nodes)
    return edits.set_frames(
        design, [shifted if old.id == frame.id else old for old in design.graph(graph).frames], graph
    )
