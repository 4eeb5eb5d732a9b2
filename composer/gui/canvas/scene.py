"""The scene: one item for each node, wire and frame of the shown graph, updated only where a diff names them."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsScene

from composer.core.diff import Diff, GraphDiff
from composer.core.facts import NodeFacts
from composer.core.graph import Graph
from composer.core.layout.layered import direction_of
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import Content, content
from composer.gui.canvas.items.frame_item import FrameItem
from composer.gui.canvas.items.highlight import Highlight
from composer.gui.canvas.items.items import SceneItems
from composer.gui.canvas.items.merge_item import MergeItem
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.items.overview_item import OverviewItem
from composer.gui.canvas.items.wire_labels import WireLabels
from composer.gui.canvas.items.wire_layer import WireLayer
from composer.gui.session.session import Session

MARGIN = 2000.0  # around the drawing, so that one can pan beyond it
REBUILD_ABOVE = 20  # added and removed items; see `DesignScene._on_design`


class DesignScene(QGraphicsScene):
    """Draws the graph that the session shows.

    Args:
        session: the session; the scene reads it and listens to it.
        direction: ``right`` or ``down``, for graphs whose positions do not tell.

    Attributes:
        session: the session.
        direction: as above.
        drawn: the items by what they draw.
        nodes, wires, frames: those of `drawn`.
        wire_layer: routes the wires.
        wire_labels: shows shapes on wires.
        highlight: shows selection and pointer.
        overview: paints everything when zoomed out.

    Signals:
        extent_changed: something was added, moved or removed.
        recolored: an item has another color in the overview.
        rebuilt: another graph is drawn, or the same one from scratch.
        changing: the drawing is about to follow the design.
    """

    extent_changed = Signal()
    recolored = Signal()
    rebuilt = Signal()
    changing = Signal()

    def __init__(self, session: Session, direction: str = "right") -> None:
        super().__init__()
        self.session = session
        self.direction = direction
        self.drawn = SceneItems(self)
        self.nodes, self.wires, self.frames = self.drawn.nodes, self.drawn.wires, self.drawn.frames
        self.wire_layer = WireLayer(session, self.drawn)
        self.wire_labels = WireLabels(session, self.drawn)
        self.highlight = Highlight(self, session, self.drawn)
        self.overview = OverviewItem(self.drawn)
        self.addItem(self.overview)
        self._heat: Mapping[str, QColor] = {}
        self._drawn_design = session.document.design
        session.document.design_changed.connect(self._on_design)
        session.facts_changed.connect(self._on_facts)
        session.document.selection_changed.connect(self.highlight.show_selection)
        session.document.shown_graph_changed.connect(lambda _name: self.rebuild())
        session.theme_changed.connect(self.refresh_theme)
        session.catalog_changed.connect(self._on_catalog)
        self.rebuild()

    @property
    def graph(self) -> Graph:
        """The shown graph."""
        return self.session.document.graph

    @property
    def down(self) -> bool:
        """Whether wires run top-down instead of left to right."""
        return self.drawn.down

    def extent(self) -> QRectF:
        """Return the rectangle that holds all items; see `SceneItems.extent`."""
        return self.drawn.extent()

    def facts(self) -> dict[str, NodeFacts | None]:
        """Return the facts of every item of the shown graph."""
        return {id: self.session.facts_for(id) for id in self.nodes}

    # --- following the design ---------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Draw the shown graph from scratch."""
        self.changing.emit()
        self.highlight.hover_wire(None)
        self.wire_layer.clear()
        for item in (*self.nodes.values(), *self.frames.values()):
            self.removeItem(item)
        self.nodes.clear()
        self.frames.clear()
        self._drawn_design = self.session.document.design
        self.drawn.down = (direction_of(self.graph) or self.direction) == "down"
        for id in self.graph.ids():
            self._add(id)
        for wire in self.graph.wires:
            self.wire_layer.add(wire)
        self._show_frames()
        self._settle()
        self.rebuilt.emit()

    def _on_design(self, change: Diff, _initiator: object) -> None:
        if self._drawn_design is self.session.document.design:  # already drawn, because the shown graph changed first
            return
        if change.graphs:
            self.changing.emit()
        self._drawn_design = self.session.document.design
        part = change.graphs.get(self.session.document.graph_name, GraphDiff())
        if len(part.added) + len(part.removed) > max(REBUILD_ABOVE, len(self.nodes)):
            self.rebuild()  # cheaper than following when most of the graph is new
            return
        touched = {*part.changed, *self._instances_of(change.graphs.keys())}
        resized = self._apply(part, touched)
        if part.framed:
            self._show_frames()
        if 2 * len(part.moved) > len(self.nodes):  # arranged, or that undone
            self.set_direction(direction_of(self.graph) or self.direction)
        if part.structural or part.moved or touched or part.bent:
            wires = (*part.wires_added, *part.wires_removed, *part.bent)
            ends = {id for wire in wires for id in (wire.source, wire.target)}
            placed = {*part.added, *part.moved, *resized, *ends}
            self._settle({*placed, *touched} & self.nodes.keys(), reroute=bool(placed or part.removed))

    def _apply(self, part: GraphDiff, touched: Iterable[str]) -> set[str]:
        """Add, remove, refresh and move the items that a diff names; return those that changed size."""
        # Wires go before the nodes at their ends, and come after them.
        for wire in part.wires_removed:
            self.highlight.wire_removed(wire)
            self.wire_layer.remove(wire)
        for id in part.removed:
            self._remove(id)
        for id in part.added:
            self._add(id)
        resized = {id for id in touched if self._refresh(id)}
        for id in (*part.moved, *part.changed):
            self._place(id)
        for wire in part.wires_added:
            self.wire_layer.add(wire)
        return resized

    def _instances_of(self, graphs: Iterable[str]) -> list[str]:
        """Return the nodes of the shown graph that are instances of these sub-graphs: their ports may differ now."""
        names = set(graphs) - {""}
        return [id for id, node in self.graph.nodes.items() if node.subgraph in names] if names else []

    def _on_catalog(self, names: frozenset[str]) -> None:
        """Refresh the cards of blocks whose files changed."""
        ids = [id for id, node in self.graph.nodes.items() if node.block in names]
        if ids:
            for id in ids:
                self._refresh(id)
            self._settle(ids)

    def _on_facts(self, ids: Iterable[str], _revision: int) -> None:
        drawn = [id for id in ids if id in self.nodes]
        if resized := [id for id in drawn if self._refresh(id)]:
            self.wire_layer.route(resized)
        self.wire_labels.show_shapes(drawn)

    def _settle(self, touched: Iterable[str] | None = None, *, reroute: bool = True) -> None:
        """Update routes, shapes, selection and extent after a change of structure or position.

        Args:
            touched: items that are new, moved or changed, and the ends of added and removed wires; None for all.
            reroute: whether any of them changed position, size or wires.
        """
        self.wire_layer.settle()
        if reroute:
            self.wire_layer.route(touched)
            self.setSceneRect(self.extent().adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN))
        self.wire_labels.show_shapes(self.nodes if touched is None else touched)
        self.highlight.show_selection()
        if reroute:
            self.extent_changed.emit()

    # --- items ------------------------------------------------------------------------------------------------------

    def _content(self, id: str) -> Content:
        session, document = self.session, self.session.document
        return content(document.design, session.catalog, document.graph_name, id, session.facts_for(id))

    def _add(self, id: str) -> None:
        shown = self._content(id)
        node = (MergeItem if shown.shape == "merge" else NodeItem)(shown, self.down)
        node.show_state(heat=self._heat.get(id))
        self.nodes[id] = node
        self._place(id)
        self.drawn.add(node)

    def _remove(self, id: str) -> None:
        self.drawn.remove(self.nodes.pop(id))

    def _place(self, id: str) -> None:
        """Put an item where the design has it."""
        item = self.graph.item(id)
        assert item is not None
        self.nodes[id].setPos(*item.position)

    def _refresh(self, id: str) -> bool:
        """Show the current content of an item; return whether its wires must be routed again."""
        shown, node = self._content(id), self.nodes[id]
        if isinstance(node, MergeItem) != (shown.shape == "merge"):  # a repeated merge is a card
            self._remove(id)
            self._add(id)
            return True
        if shown == node.content:
            return False
        recolored = (bool(shown.error), shown.family) != (bool(node.content.error), node.content.family)
        resized = node.set_content(shown)
        if recolored:
            self.drawn.notify_changed(moved=False)
            self.recolored.emit()
        return resized

    def _show_frames(self) -> None:
        frames = {frame.id: frame for frame in self.graph.frames}
        for id in [id for id in self.frames if id not in frames]:
            self.removeItem(self.frames.pop(id))
        for id, frame in frames.items():
            if id not in self.frames:
                self.frames[id] = FrameItem(frame)
                self.addItem(self.frames[id])
            elif self.frames[id].frame != frame:
                self.frames[id].set_frame(frame)
        self.drawn.notify_changed()

    def place_all(self) -> None:
        """Put every item where the design has it, and route all wires."""
        for id in self.nodes:
            if self.graph.item(id) is not None:
                self._place(id)
        self.wire_layer.route()

    # --- appearance -------------------------------------------------------------------------------------------------

    def set_heat(self, heat: Mapping[str, QColor]) -> None:
        """Tint cards by id; the others are plain."""
        self._heat = heat
        for id, node in self.nodes.items():
            node.show_state(heat=heat.get(id))
        self.drawn.notify_changed()

    def set_direction(self, direction: str) -> None:
        """Let wires run ``right`` or ``down``."""
        if self.down == (direction == "down"):
            return
        self.drawn.down = direction == "down"
        for node in self.nodes.values():
            node.set_down(self.down)
        self.wire_layer.clear_routes()
        self._settle()

    def refresh_theme(self) -> None:
        """Measure and paint with the fonts and colors of another theme."""
        metrics.clear_caches()
        for node in self.nodes.values():
            node.set_content(node.content)
        self._settle()
        self.update()
