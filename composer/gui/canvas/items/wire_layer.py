"""The wires of the scene: where they run, what shape they carry, and which of them say so on a chip."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from composer.core.bends import shift_bends
from composer.core.graph import Point, Wire
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import output_shape
from composer.gui.canvas.items.merge_item import MergeItem
from composer.gui.canvas.items.overview_item import EMPTY
from composer.gui.canvas.items.wire_item import ChipItem, WireItem, chip_width
from composer.gui.canvas.routing.route import Route, RouteRequest, through
from composer.gui.canvas.routing.router import Router, routes
from composer.gui.canvas.routing.spatial_index import Rect

if TYPE_CHECKING:
    from composer.gui.canvas.scene import DesignScene

CHIP_ROOM = 36.0  # of a gap between cards, beside the chip
NAMES_ROOM = 28.0  # likewise beside the names of ports, where no chip is


class WireLayer:
    """Keeps the wire items of a scene.

    Args:
        scene: the scene.
    """

    def __init__(self, scene: "DesignScene") -> None:
        self._scene = scene
        self.items: dict[Wire, WireItem] = {}
        self.chips: dict[Wire, ChipItem] = {}
        self._into: defaultdict[str, list[Wire]] = defaultdict(list)
        self._from: defaultdict[str, list[Wire]] = defaultdict(list)
        self._router: Router[Wire] = Router()
        self._settled: tuple[Wire, ...] | None = None

    def add(self, wire: Wire) -> None:
        """Add an item for a wire; `settle` leads it."""
        self.items[wire] = WireItem(wire)
        self.items[wire].setFlag(EMPTY, self._scene.overview.on)
        self._scene.addItem(self.items[wire])

    def remove(self, wire: Wire) -> None:
        """Remove the item of a wire."""
        if wire in self.items:
            self._scene.removeItem(self.items.pop(wire))
        if wire in self.chips:
            self._scene.removeItem(self.chips.pop(wire))

    def clear(self) -> None:
        """Remove all."""
        for wire in list(self.items):
            self.remove(wire)
        self._router = Router()
        self._settled = None

    def of(self, ids: Iterable[str]) -> Iterator[Wire]:
        """The wires that begin or end at some items."""
        for id in ids:
            yield from self._into.get(id, ())
            yield from self._from.get(id, ())

    # --- where they run ---------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Take notice of wires and items that came and went."""
        for id in self._router.items():
            if id not in self._scene.nodes:
                self._router.place(id, None)
        wires = self._scene.graph.wires
        if wires is self._settled:  # an edit of parameters or places keeps the very tuple
            return
        self._settled = wires
        self._into, self._from = defaultdict(list), defaultdict(list)
        for wire in wires:
            self._into[wire.target].append(wire)
            self._from[wire.source].append(wire)
        for wire in self._router.wires():
            if wire not in self.items:
                self._router.join(wire, None)

    def forget_routes(self) -> None:
        """Lead all anew the next time."""
        self._router = Router()
        for item in self.items.values():
            item.route = None

    def lead(self, ids: Iterable[str]) -> None:
        """Lead the wires around the cards, after some items changed in place, size or wires."""
        for id in ids:
            if id in self._scene.nodes:
                self._router.place(id, self._box(id))
                for wire in self.of((id,)):
                    if wire.bends:
                        self._router.join(wire, None)
                        self.show_bent(wire, wire.bends)
                    else:
                        self._router.join(wire, self.link(wire))
                        self.items[wire].set_bends(())
        for wire, route in self._router.lead().items():
            self._show_route(wire, route)

    def show_bent(self, wire: Wire, bends: Sequence[Point]) -> None:
        """Lead a wire through places, whatever stands there: that is what they are for."""
        link, places = self.link(wire), [QPointF(*bend) for bend in bends]
        chosen = self._scene.session.document.bend
        self._show_route(wire, through(link, [self._scene.flow_point(place) for place in places]))
        self.items[wire].set_bends(places, chosen[1] if chosen is not None and chosen[0] == wire else -1)

    def lead_near(self, ids: Iterable[str]) -> None:
        """Lead the wires of a few items while they are dragged, around nothing but their ends."""
        near = set(self.of(ids))
        links = {wire: self.link(wire) for wire in near if not wire.bends}
        for wire in near:
            if wire.bends:
                self.show_bent(wire, self._dragged_bends(wire))
        ends = {id for wire in links for id in (wire.source, wire.target)}
        for wire, route in routes({id: self._box(id) for id in ends}, links).items():
            self._show_route(wire, route)

    def _dragged_bends(self, wire: Wire) -> Sequence[Point]:
        """The bends of a wire while its ends are dragged: they come along with both."""
        by = []
        for id in (wire.source, wire.target):
            item, now = self._scene.graph.item(id), self._scene.nodes[id].pos()
            assert item is not None
            by.append((now.x() - item.position[0], now.y() - item.position[1]))
        return shift_bends(wire.bends, by[0]) if by[0] == by[1] else wire.bends

    def restore(self, ids: Iterable[str]) -> None:
        """Lead the wires of a few items as they were before `lead_near`."""
        ids = list(ids)
        self._router.forget(self.of(ids))
        self.lead(ids)

    def link(self, wire: Wire) -> RouteRequest:
        """A wire as the router wants it."""
        source, target = self._scene.nodes[wire.source], self._scene.nodes[wire.target]
        out = index_of_name(source.content.outputs, wire.source_port)
        into = index_of_name(target.content.inputs, wire.target_port)
        merge = isinstance(target, MergeItem)
        return RouteRequest(
            wire.source,
            wire.target,
            self._scene.flow_point(source.port_position(True, out)),
            self._scene.flow_point(target.pos() if merge else target.port_position(False, into)),
            metrics.MERGE / 2 if merge else 0.0,
            (wire.source, out),
            sum(other.source_port == wire.source_port for other in self._from[wire.source]) > 1,
            0.0 if self._scene.down else target.labels_width(False),
        )

    def _box(self, id: str) -> Rect:
        rect: QRectF = self._scene.nodes[id].scene_body()
        first = self._scene.flow_point(QPointF(rect.left(), rect.top()))
        last = self._scene.flow_point(QPointF(rect.right(), rect.bottom()))
        return (*first, *last)

    def _show_route(self, wire: Wire, route: Route) -> None:
        down = self._scene.down
        names = self._names(wire)
        self.items[wire].set_route(route, down, 0.0 if down else (names[0] - names[1]) / 2)
        if wire in self.chips:
            self.chips[wire].setPos(self.items[wire].middle)

    def _names(self, wire: Wire) -> tuple[float, float]:
        nodes = self._scene.nodes
        return nodes[wire.source].labels_width(True), nodes[wire.target].labels_width(False)

    # --- what they say ----------------------------------------------------------------------------------------------

    def show_shapes(self, ids: Iterable[str]) -> None:
        """Say the shapes that leave some items; whether a shape is news may also have changed for what they feed."""
        sources = set(ids)
        for id in list(sources):
            for wire in self._from.get(id, ()):
                self.items[wire].set_shape(self._shape(wire))
                sources.add(wire.target)
        for id in sources:
            said: set[str] = set()
            for wire in self._from.get(id, ()):
                if wire.source_port not in said and self._tells(wire):
                    said.add(wire.source_port)
                    self._chip(wire).say(self.items[wire].label, self.items[wire].middle)
                elif wire in self.chips:
                    self._scene.removeItem(self.chips.pop(wire))

    def _chip(self, wire: Wire) -> ChipItem:
        if wire not in self.chips:
            self.chips[wire] = ChipItem()
            self.chips[wire].setFlag(EMPTY, self._scene.overview.on)
            self._scene.addItem(self.chips[wire])
        return self.chips[wire]

    def _shape(self, wire: Wire) -> tuple[int, ...] | None:
        """The shape on a wire, batch axis first, as far as it is known."""
        index = index_of_name(self._scene.nodes[wire.source].content.outputs, wire.source_port)
        return output_shape(self._scene.graph, wire.source, index, self._scene.session.facts_for(wire.source))

    def _tells(self, wire: Wire) -> bool:
        """Whether the shape on a wire is news: another one than what went into its source."""
        shape = self.items[wire].shape_
        if shape is None:
            return False
        came = [self.items[before].shape_ for before in self._into.get(wire.source, ()) if before in self.items]
        return not came or came[0] != shape

    def label_room(self) -> dict[Wire, float]:
        """The gap that each wire needs between its ends."""
        chips = self.chips
        return {
            wire: self.room_for(chips[wire].text if wire in chips else "", self.names_width(wire))
            for wire in self.items
        }

    def room_for(self, label: str, names: float) -> float:
        """The gap that a wire needs for a chip, if there is one, and for the names of the ports at its ends."""
        if self._scene.down:
            return metrics.CHIP_HEIGHT + 28 if label else 0.0
        return names + (chip_width(label) + CHIP_ROOM if label else NAMES_ROOM if names else 0.0)

    def names_width(self, wire: Wire) -> float:
        """Room that the names of ports take at those ends of a wire that are drawn."""
        ends = (self._scene.nodes.get(wire.source), True), (self._scene.nodes.get(wire.target), False)
        return sum(node.labels_width(output) for node, output in ends if node is not None)

    def label_of(self, id: str, port: str) -> str:
        """The shape that leaves an item, as its wires say it; empty where it is not known or nothing is wired there."""
        return next(
            (
                self.items[wire].label
                for wire in self._from.get(id, ())
                if wire.source_port == port and wire in self.items
            ),
            "",
        )


def index_of_name(names: tuple[str, ...], name: str) -> int:
    """Place of a port by the name that a wire gives it; an unknown name is drawn at the first port."""
    return names.index(name) if name and name in names else 0
