"""The scene: one item for each node, wire and frame of the shown graph, changed only where a diff names them."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QPointF, QRectF, QSizeF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from composer.core.diff import Diff, GraphDiff
from composer.core.facts import NodeFacts
from composer.core.graph import Graph, Wire
from composer.core.layout.layered import direction_of
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import content
from composer.gui.canvas.items.frame_item import FrameItem
from composer.gui.canvas.items.merge_item import MergeItem
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.items.overview_item import EMPTY, OverviewItem
from composer.gui.canvas.items.wire_item import ChipItem, WireItem
from composer.gui.canvas.items.wire_layer import WireLayer
from composer.gui.session.session import Session

MARGIN = 2000.0  # room around the drawing, so that one can pan beyond it


class DesignScene(QGraphicsScene):
    """Shows the graph that the session shows.

    Args:
        session: the session; the scene reads it and listens to it.
        direction: ``right`` or ``down``, for graphs whose places do not tell.
    """

    changed_extent = Signal()  # something was added, moved or removed
    recoloured = Signal()  # something has another colour when it is seen from afar
    rebuilt = Signal()
    changing = Signal()  # what is drawn is about to follow the design

    def __init__(self, session: Session, direction: str = "right") -> None:
        super().__init__()
        self.session = session
        self.direction = direction
        self.down = False
        self.nodes: dict[str, NodeItem] = {}
        self.frames: dict[str, FrameItem] = {}
        self._hover_chip = ChipItem()
        self._hover_chip.setVisible(False)
        self.addItem(self._hover_chip)
        self.layer = WireLayer(self)
        self.overview = OverviewItem(self)
        self.addItem(self.overview)
        self._hovered_wire: Wire | None = None
        self._hovered_node = ""
        self._heat: Mapping[str, QColor] = {}
        self._extent: QRectF | None = None
        self._drawn = session.document.design
        session.document.design_changed.connect(self._on_design)
        session.facts_changed.connect(self._on_facts)
        session.document.selection_changed.connect(self.show_selection)
        session.document.shown_graph_changed.connect(lambda _name: self.rebuild())
        session.theme_changed.connect(self.refresh_theme)
        session.catalog_changed.connect(self._on_catalog)
        self.rebuild()

    def drawn_items(self) -> list[QGraphicsItem]:
        """The items of nodes, wires and chips."""
        return [*self.nodes.values(), *self.wires.values(), *self.layer.chips.values()]

    @property
    def wires(self) -> dict[Wire, WireItem]:
        """The items of the wires."""
        return self.layer.items

    # --- the graph as items -----------------------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The shown graph."""
        return self.session.document.graph

    def rebuild(self) -> None:
        """Draw the shown graph anew."""
        self.changing.emit()
        self.hover_wire(None)
        self.layer.clear()
        for item in (*self.nodes.values(), *self.frames.values()):
            self.removeItem(item)
        self.nodes, self.frames = {}, {}
        self._drawn = self.session.document.design
        self.down = (direction_of(self.graph) or self.direction) == "down"
        for id in self.graph.ids():
            self._add(id)
        for wire in self.graph.wires:
            self.layer.add(wire)
        self._show_frames()
        self._settle()
        self.rebuilt.emit()

    def _add(self, id: str) -> None:
        graph, session = self.graph, self.session
        item = graph.item(id)
        assert item is not None
        said = content(session.document.design, session.catalog, session.document.graph_name, id, session.facts_for(id))
        node = (MergeItem if said.shape == "merge" else NodeItem)(said, self.down)
        node.setPos(*item.position)
        node.show_state(heat=self._heat.get(id))
        node.setFlag(EMPTY, self.overview.on)
        self.nodes[id] = node
        self.addItem(node)

    def _remove(self, id: str) -> None:
        self.removeItem(self.nodes.pop(id))

    def _on_design(self, change: Diff, _initiator: object) -> None:
        if self._drawn is self.session.document.design:  # already, because another graph came to be shown
            return
        if change.graphs:
            self.changing.emit()
        self._drawn = self.session.document.design
        part = change.graphs.get(self.session.document.graph_name, GraphDiff())
        touched = {*part.changed, *self._uses_of(change.graphs.keys())}
        if len(part.added) + len(part.removed) > max(20, len(self.nodes)):
            self.rebuild()
            return
        if self._hovered_wire in part.wires_removed:
            self.hover_wire(None)
        for wire in part.wires_removed:
            self.layer.remove(wire)
        for id in part.removed:
            self._remove(id)
        for id in part.added:
            self._add(id)
        resized = {id for id in touched if self._refresh(id)}
        for id in (*part.moved, *part.changed):
            item = self.graph.item(id)
            assert item is not None
            self.nodes[id].setPos(*item.position)
        for wire in part.wires_added:
            self.layer.add(wire)
        if part.framed:
            self._show_frames()
        if 2 * len(part.moved) > len(self.nodes):  # arranged anew, or that undone
            self.set_direction(direction_of(self.graph) or self.direction)
        if part.structural or part.moved or touched or part.bent:
            ends = {
                id for wire in (*part.wires_added, *part.wires_removed, *part.bent) for id in (wire.source, wire.target)
            }
            placed = {*part.added, *part.moved, *resized, *ends}
            self._settle({*placed, *touched} & self.nodes.keys(), reroute=bool(placed or part.removed))

    def _uses_of(self, graphs: Iterable[str]) -> list[str]:
        """Nodes of the shown graph that use one of these sub-graphs: their ports may differ now."""
        names = set(graphs) - {""}
        if not names:
            return []
        return [id for id, node in self.graph.nodes.items() if node.subgraph in names]

    def _on_catalog(self, names: frozenset[str]) -> None:
        """Say what other blocks mean for the cards that use them."""
        known = [id for id, node in self.graph.nodes.items() if node.block in names]
        if known:
            for id in known:
                self._refresh(id)
            self._settle(known)

    def _on_facts(self, ids: Iterable[str], _revision: int) -> None:
        known = [id for id in ids if id in self.nodes]
        if resized := [id for id in known if self._refresh(id)]:
            self.reroute(resized)
        self.layer.show_shapes(known)

    def _refresh(self, id: str) -> bool:
        """Say what is known of an item now; a card may become a circle. Returns whether wires must follow."""
        session = self.session
        said = content(session.document.design, session.catalog, session.document.graph_name, id, session.facts_for(id))
        node = self.nodes[id]
        if isinstance(node, MergeItem) != (said.shape == "merge"):
            self._remove(id)
            self._add(id)
            return True
        if said == node.content:
            return False
        recoloured = (bool(said.error), said.family) != (bool(node.content.error), node.content.family)
        resized = node.set_content(said)
        if recoloured:
            self._overview_changed(moved=False)
            self.recoloured.emit()
        return resized

    def _show_frames(self) -> None:
        wanted = {frame.id: frame for frame in self.graph.frames}
        for id in [id for id in self.frames if id not in wanted]:
            self.removeItem(self.frames.pop(id))
        for id, frame in wanted.items():
            if id not in self.frames:
                self.frames[id] = FrameItem(frame)
                self.addItem(self.frames[id])
            elif self.frames[id].frame != frame:
                self.frames[id].set_frame(frame)
        self._overview_changed()

    def _settle(self, touched: Iterable[str] | None = None, *, reroute: bool = True) -> None:
        """After a change of structure or place: lead the wires, say the shapes, give room.

        Args:
            touched: items that are new, moved or changed, and the ends of new and lost wires; None for all.
            reroute: whether any of them has another place, size or wires.
        """
        self.layer.settle()
        if reroute:
            self.reroute(touched)
            self.setSceneRect(self.extent().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN))
        self.layer.show_shapes(self.nodes if touched is None else touched)
        self.show_selection()
        if reroute:
            self.changed_extent.emit()

    # --- wires ------------------------------------------------------------------------------------------------------

    def flow_point(self, place: QPointF) -> tuple[float, float]:
        """A place as (along, across) the flow."""
        return (place.y(), place.x()) if self.down else (place.x(), place.y())

    def reroute(self, ids: Iterable[str] | None = None) -> None:
        """Lead the wires around the cards, after some items (None for any) changed in place, size or wires."""
        self.layer.lead(self.nodes if ids is None else ids)
        self._overview_changed()

    def reroute_near(self, ids: Iterable[str]) -> None:
        """Lead the wires of items that are being dragged; the others wait for the release."""
        self.layer.lead_near(ids)
        self._overview_changed()

    def restore_routes(self, ids: Iterable[str]) -> None:
        """Lead the wires of a few items as they were before `reroute_near`."""
        self.layer.restore(ids)
        self._overview_changed()

    def _overview_changed(self, *, moved: bool = True) -> None:
        if moved:
            self._extent = None
        if self.overview.on:
            self.overview.changed()

    def refresh_overview(self) -> None:
        """Paint the view from afar anew, after items look different."""
        self._overview_changed()

    def place_all(self) -> None:
        """Put every item where the design has it."""
        for id, node in self.nodes.items():
            item = self.graph.item(id)
            if item is not None:
                node.setPos(*item.position)
        self.reroute()

    def facts(self) -> dict[str, NodeFacts | None]:
        """Facts of every item of the shown graph."""
        return {id: self.session.facts_for(id) for id in self.nodes}

    def show_plain(self, plain: bool) -> None:
        """Show nothing of selection and pointer, for a picture; or show it again."""
        if plain:
            self.overview.set_on(False)
        for node in self.nodes.values():
            node.show_state(hovered=False)
            if plain:
                node.show_state(selected=False)
        self._hover_chip.setVisible(False)
        for item in self.wires.values():
            if plain:
                item.set_state("rest")
        if not plain:
            self.show_selection()

    # --- states -----------------------------------------------------------------------------------------------------

    def show_selection(self) -> None:
        """Outline what is selected, colour its wires, fade the others."""
        ids, wires = set(self.session.document.selection), set(self.session.document.wire_selection)
        differs = False
        for id, node in self.nodes.items():
            if node.selected != (id in ids):
                node.show_state(selected=not node.selected)
                differs = True
        others = "faded" if ids or wires else "rest"
        for item in self.wires.values():
            wire = item.wire
            if wire.source in ids or wire.target in ids or (wires and wire in wires):
                state = "selected"
            else:
                state = "hover" if wire == self._hovered_wire else others
            if item.state != state:
                item.set_state(state)
                differs = True
            if item.bends:
                chosen = self.session.document.bend
                item.set_bends(item.bends, chosen[1] if chosen is not None and chosen[0] == wire else -1)
        if differs:
            self._overview_changed(moved=False)

    def hover_node(self, node: NodeItem | None, port: tuple[bool, int] | None = None) -> None:
        """Lift a node, and one of its ports."""
        before = self.nodes.get(self._hovered_node)
        if before is not None and before is not node:
            before.show_state(hovered=False, lit=None)
        self._hovered_node = node.id if node is not None else ""
        if node is not None:
            node.show_state(hovered=True, lit=port)

    def hover_wire(self, wire: Wire | None) -> None:
        """Lift a wire and say its shape."""
        if wire == self._hovered_wire:
            return
        before, self._hovered_wire = self._hovered_wire, wire
        for changed in (before, wire):
            if changed is not None and changed in self.wires and self.wires[changed].state != "selected":
                busy = bool(self.session.document.selection or self.session.document.wire_selection)
                self.wires[changed].set_state("hover" if changed == wire else "faded" if busy else "rest")
        label = self.wires[wire].label if wire is not None and wire in self.wires else ""
        self._hover_chip.setVisible(bool(label))
        if wire is not None and label:
            self._hover_chip.say(label, self.wires[wire].middle, strong=True)
            self._hover_chip.setZValue(20)

    def set_heat(self, heat: Mapping[str, QColor]) -> None:
        """Tint cards; those that are not named are plain."""
        self._heat = heat
        for id, node in self.nodes.items():
            node.show_state(heat=heat.get(id))
        self._overview_changed()

    def set_direction(self, direction: str) -> None:
        """Let wires run ``right`` or ``down``."""
        if self.down == (direction == "down"):
            return
        self.down = direction == "down"
        for node in self.nodes.values():
            node.set_down(self.down)
        self.layer.forget_routes()
        self._settle()

    def refresh_theme(self) -> None:
        """Take over another theme."""
        metrics.clear_caches()
        for node in self.nodes.values():
            node.set_content(node.content)
        self._settle()
        self.update()

    # --- finding ----------------------------------------------------------------------------------------------------

    def extent(self) -> QRectF:
        """The rectangle that holds all nodes and frames; a small one around the origin when there are none."""
        if self._extent is None:
            self._extent = self._measure()
        return QRectF(self._extent)

    def _measure(self) -> QRectF:
        rects = [node.scene_body() for node in self.nodes.values()] + [
            QRectF(*frame.frame.rect) for frame in self.frames.values()
        ]
        rects += [wire.boundingRect() for wire in self.wires.values()]
        found = QRectF()
        for rect in rects:
            found = found.united(rect)
        return found if rects else QRectF(-200, -120, 400, 240)

    def node_at(self, place: QPointF) -> NodeItem | None:
        """The node whose body holds a place."""
        for item in self.items(QRectF(place - QPointF(1, 1), QSizeF(2, 2))):
            if isinstance(item, NodeItem) and item.scene_body().contains(place):
                return item
        return None

    def port_at(self, place: QPointF, reach: float) -> tuple[NodeItem, bool, int] | None:
        """The nearest port within reach: (node, whether it is an output, index)."""
        best: tuple[float, NodeItem, bool, int] | None = None
        area = QRectF(place - QPointF(reach, reach), QSizeF(2 * reach, 2 * reach))
        for item in self.items(area):
            if not isinstance(item, NodeItem):
                continue
            for output, count in ((False, len(item.content.inputs)), (True, len(item.content.outputs))):
                for index in range(count):
                    away = item.port_position(output, index) - place
                    distance = (away.x() ** 2 + away.y() ** 2) ** 0.5
                    if distance <= reach and (best is None or distance < best[0]):
                        best = (distance, item, output, index)
        return best[1:] if best else None

    def wire_at(self, place: QPointF, reach: float) -> WireItem | None:
        """The wire within reach of a place, the nearest of several."""
        area = QRectF(place - QPointF(reach, reach), QSizeF(2 * reach, 2 * reach))
        near = [item for item in self.items(area) if isinstance(item, WireItem) and item.distance(place, reach)]
        while len(near) > 1 and reach > 1:
            reach /= 2
            if not (nearer := [item for item in near if item.distance(place, reach)]):
                break
            near = nearer
        return near[0] if near else None

    def bend_at(self, place: QPointF, reach: float) -> tuple[WireItem, int] | None:
        """The bend within reach of a place: its wire, and which of its bends."""
        area = QRectF(place - QPointF(reach, reach), QSizeF(2 * reach, 2 * reach))
        for item in self.items(area):
            if isinstance(item, WireItem):
                for index, bend in enumerate(item.bends):
                    if (bend - place).manhattanLength() <= reach:
                        return item, index
        return None

    def frame_at(self, place: QPointF) -> FrameItem | None:
        """The frame whose title holds a place."""
        return next((frame for frame in self.frames.values() if frame.title_area.contains(place)), None)
