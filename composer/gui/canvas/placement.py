"""Placement of new items on the canvas: by the real sizes of its cards, with the motion of what has to move."""

from collections.abc import Callable, Collection
from dataclasses import replace

from composer.core.facts import NodeFacts
from composer.core.graph import Design, Graph, Node, Point, Wire
from composer.core.layout import placement
from composer.core.layout.insertion import with_room
from composer.gui.canvas.gestures.base import snapped_point
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import content, costs
from composer.gui.canvas.layout_motion import LayoutMotion
from composer.gui.canvas.scene import DesignScene
from composer.gui.canvas.view import GraphView

# A new card has yet to learn its costs, and grows by then.
LONG_DETAIL = costs(NodeFacts("", params=98_700, macs=98_700_000))


class CanvasPlacement:
    """Makes space in the shown graph by the sizes of its cards; in other graphs by estimates.

    Args:
        view: the view.
        scene: the scene.
        motion: lets what must move glide there.
        reveal: brings items into view.
    """

    def __init__(
        self,
        view: GraphView,
        scene: DesignScene,
        motion: LayoutMotion,
        reveal: Callable[[Collection[str]], object],
    ) -> None:
        self._view = view
        self._scene = scene
        self._motion = motion
        self._reveal = reveal

    def view_center(self) -> Point:
        """Return the grid position in the middle of the view."""
        return snapped_point(self._view.seen().center())

    def make_space(self, design: Design, ids: Collection[str], graph: str) -> Design:
        """Return the design with space for new items; see `composer.core.layout.insertion.with_room`."""
        if graph != self._scene.session.document.graph_name:
            return placement.make_space(design, ids, self._scene.session.catalog, graph=graph)
        home = design.graph(graph)
        sizes = {id: self._size(design, graph, id) for id in home.ids()}
        direction = "down" if self._scene.down else "right"
        made = with_room(design, ids, sizes, graph, direction=direction, room=self._label_room(design, home))
        self._motion.expect(made, lambda: self._reveal(ids))
        return made

    def _size(self, design: Design, graph: str, id: str) -> tuple[float, float]:
        node = self._scene.nodes.get(id)
        if node is None:
            session = self._scene.session
            said = content(design, session.catalog, graph, id, None)
            return metrics.size(replace(said, detail=LONG_DETAIL) if said.shape == "card" else said)
        return node.body.width(), node.body.height()

    def _label_room(self, design: Design, home: Graph) -> dict[Wire, float]:
        """Room for the labels that are there, and for those that a new node takes over or will bring."""
        layer = self._scene.layer
        room = layer.label_room()
        said = {(wire.source, wire.source_port): chip.text for wire, chip in layer.chips.items()}
        for wire in home.wires:
            if wire in self._scene.wires:
                continue
            label = said.get((wire.source, wire.source_port), "")
            if (
                not label
                and wire.source not in self._scene.nodes
                and self._may_change_shape(home.nodes.get(wire.source))
            ):
                fed = (layer.label_of(entering.source, entering.source_port) for entering in home.in_wires(wire.source))
                label = next(filter(None, fed), "")
            room[wire] = layer.room_for(label, layer.names_width(wire))
        return room

    def _may_change_shape(self, node: Node | None) -> bool:
        spec = self._scene.session.catalog.get(node.block) if node is not None else None
        return node is not None and (spec is None or spec.shapes.inputs[:1] != spec.shapes.outputs[:1])
