"""Room on the canvas for what was just put there: the measures that the core needs to know, and the motion."""

from collections.abc import Callable, Collection
from dataclasses import replace

from composer.core.facts import NodeFacts
from composer.core.graph import Design, Graph, Node, Wire
from composer.core.layout import placement
from composer.core.layout.insertion import with_room
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import content, costs
from composer.gui.canvas.layout_motion import LayoutMotion
from composer.gui.canvas.scene import DesignScene

# A new card has yet to learn its costs, and grows by then.
LONG_DETAIL = costs(NodeFacts("", params=98_700, macs=98_700_000))


class RoomMaker:
    """Makes room in the shown graph by what its cards really measure; in others by estimates.

    Args:
        scene: the scene.
        motion: lets what must move glide there.
        reveal: brings items into view.
    """

    def __init__(self, scene: DesignScene, motion: LayoutMotion, reveal: Callable[[Collection[str]], object]) -> None:
        self._scene = scene
        self._motion = motion
        self._reveal = reveal

    def __call__(self, design: Design, placed: Collection[str], graph: str) -> Design:
        """The design with room for new items; see `composer.core.layout.insertion.with_room`."""
        if graph != self._scene.session.graph_name:
            return placement.with_room(design, placed, graph)
        home = design.graph(graph)
        sizes = {id: self._size(design, graph, id) for id in home.ids()}
        direction = "down" if self._scene.down else "right"
        made = with_room(design, placed, sizes, graph, direction=direction, room=self._label_room(design, home))
        self._motion.expect(made, lambda: self._reveal(placed))
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
