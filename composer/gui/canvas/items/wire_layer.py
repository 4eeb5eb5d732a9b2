"""The wires of the scene: an item for each, and the routes they take as cards move."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF

from composer.core.bends import shift_bends
from composer.core.graph import Point, Wire
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import port_index
from composer.gui.canvas.items.items import SceneItems
from composer.gui.canvas.items.merge_item import MergeItem
from composer.gui.canvas.items.wire_item import WireItem
from composer.gui.canvas.routing.bent_route import through_bends
from composer.gui.canvas.routing.route import Route, RouteRequest
from composer.gui.canvas.routing.router import Router, route_all
from composer.gui.canvas.routing.spatial_index import Rect
from composer.gui.session.session import Session


class WireLayer:
    """Keeps the wire items of a scene and their routes up to date.

    Args:
        session: gives the graph and the selected bend.
        items: the drawn items.
    """

    def __init__(self, session: Session, items: SceneItems) -> None:
        self._session = session
        self._items = items
        self._router: Router[Wire] = Router()
        self._settled: tuple[Wire, ...] | None = None  # the wires of the graph at the last `settle`

    def add(self, wire: Wire) -> None:
        """Add an item for a wire; the next `settle` and `route` give it a route."""
        self._items.wires[wire] = WireItem(wire)
        self._items.add(self._items.wires[wire])

    def remove(self, wire: Wire) -> None:
        """Remove the item of a wire, with its chip."""
        for items in (self._items.wires, self._items.chips):
            if wire in items:
                self._items.remove(items.pop(wire))

    def clear(self) -> None:
        """Remove all wires."""
        for wire in list(self._items.wires):
            self.remove(wire)
        self._router = Router()
        self._settled = None

    # --- routes -----------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Take wires and items that were added or removed into account."""
        for id in self._router.items():
            if id not in self._items.nodes:
                self._router.place(id, None)
        wires = self._session.document.graph.wires
        if wires is self._settled:  # an edit of parameters or positions keeps the same tuple
            return
        self._settled = wires
        self._items.index_wires(wires)
        for wire in self._router.wires():
            if wire not in self._items.wires:
                self._router.request(wire, None)

    def clear_routes(self) -> None:
        """Make the next `route` route all wires again."""
        self._router = Router()
        for item in self._items.wires.values():
            item.route = None

    def route(self, ids: Iterable[str] | None = None) -> None:
        """Route wires around the cards, after some items (None for all) changed position, size or wires."""
        nodes = self._items.nodes
        # 1. Tell the router where the changed items are, and what their wires ask for. A wire with bends is not routed
        #    around anything: the user has drawn its route.
        for id in nodes if ids is None else ids:
            if id in nodes:
                self._router.place(id, self._rect(id))
                for wire in self._items.wires_of((id,)):
                    if wire.bends:
                        self._router.request(wire, None)
                        self.show_bent(wire, wire.bends)
                    else:
                        self._router.request(wire, self.request(wire))
                        self._items.wires[wire].set_bends(())
        # 2. Show the routes that changed, which may be those of other wires, too.
        for wire, route in self._router.route().items():
            self._show_route(wire, route)
        self._items.notify_changed()

    def show_bent(self, wire: Wire, bends: Sequence[Point]) -> None:
        """Route a wire through its bends, whatever is in between."""
        request, points = self.request(wire), [QPointF(*bend) for bend in bends]
        self._show_route(wire, through_bends(request, [self._items.flow_point(point) for point in points]))
        selected = self._session.document.bend
        self._items.wires[wire].set_bends(points, selected[1] if selected is not None and selected[0] == wire else -1)

    def route_dragged(self, ids: Iterable[str]) -> None:
        """Route the wires of dragged items around nothing but their ends; all others wait for the release."""
        wires = set(self._items.wires_of(ids))
        requests = {wire: self.request(wire) for wire in wires if not wire.bends}
        for wire in wires:
            if wire.bends:
                self.show_bent(wire, self._dragged_bends(wire))
        ends = {id for wire in requests for id in (wire.source, wire.target)}
        for wire, route in route_all({id: self._rect(id) for id in ends}, requests).items():
            self._show_route(wire, route)
        self._items.notify_changed()

    def _dragged_bends(self, wire: Wire) -> Sequence[Point]:
        """Return the bends of a wire during a drag: they follow if both ends moved by the same distance."""
        shifts = []
        for id in (wire.source, wire.target):
            item, position = self._session.document.graph.item(id), self._items.nodes[id].pos()
            assert item is not None
            shifts.append((position.x() - item.position[0], position.y() - item.position[1]))
        return shift_bends(wire.bends, shifts[0]) if shifts[0] == shifts[1] else wire.bends

    def restore_routes(self, ids: Iterable[str]) -> None:
        """Show the routes of some items' wires that they had before `route_dragged`."""
        ids = list(ids)
        self._router.invalidate(self._items.wires_of(ids))
        self.route(ids)

    def request(self, wire: Wire) -> RouteRequest:
        """Return a wire as the router sees it: its ends in flow coordinates."""
        items = self._items
        source, target = items.nodes[wire.source], items.nodes[wire.target]
        out_port = port_index(source.content.outputs, wire.source_port)
        in_port = port_index(target.content.inputs, wire.target_port)
        merge = isinstance(target, MergeItem)
        return RouteRequest(
            wire.source,
            wire.target,
            start=items.flow_point(source.port_position(True, out_port)),
            end=items.flow_point(target.pos() if merge else target.port_position(False, in_port)),
            radius=metrics.MERGE / 2 if merge else 0.0,
            bundle=(wire.source, out_port),
            fork=sum(other.source_port == wire.source_port for other in items.out_wires[wire.source]) > 1,
            names=0.0 if items.down else target.labels_width(False),
        )

    def _rect(self, id: str) -> Rect:
        body = self._items.nodes[id].scene_body()
        return (*self._items.flow_point(body.topLeft()), *self._items.flow_point(body.bottomRight()))

    def _show_route(self, wire: Wire, route: Route) -> None:
        down, nodes = self._items.down, self._items.nodes
        # The label sits midway between the port names, not between the ports.
        names = nodes[wire.source].labels_width(True) - nodes[wire.target].labels_width(False)
        self._items.wires[wire].set_route(route, down, 0.0 if down else names / 2)
        if wire in self._items.chips:
            self._items.chips[wire].setPos(self._items.wires[wire].middle)
