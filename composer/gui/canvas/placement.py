"""Placement of new items by the real sizes of the cards, with a motion of the cards that make space."""

from collections.abc import Callable, Collection
from dataclasses import replace

from composer.core.facts import NodeFacts
from composer.core.graph import Design, Graph, Node, Point, Wire
from composer.core.layout import placement
from composer.core.layout.insertion import make_space
from composer.gui.canvas.camera import Camera
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import content, costs
from composer.gui.canvas.layout_motion import LayoutMotion
from composer.gui.canvas.scene import DesignScene

# The costs of a new card are not known yet; this is about the longest line that they may become.
LONG_DETAIL = costs(NodeFacts("", params=98_700, macs=98_700_000))


class CanvasPlacement:
    """Makes space in the shown graph by the sizes of its cards; in other graphs by estimates.

    Args:
        camera: gives the center of the view.
        scene: the scene.
        motion: animates the cards that move.
        reveal: brings items into view.
    """

    def __init__(
        self, camera: Camera, scene: DesignScene, motion: LayoutMotion, reveal: Callable[[Collection[str]], object]
    ) -> None:
        self._camera = camera
        self._scene = scene
        self._motion = motion
        self._reveal = reveal

    def view_center(self) -> Point:
        """Return the grid position in the middle of the view."""
        return metrics.snap_point(self._camera.visible_rect().center())

    def make_space(self, design: Design, ids: Collection[str], graph: str) -> Design:
        """Return the design with space for new items; see `composer.core.layout.insertion.make_space`."""
        if graph != self._scene.session.document.graph_name:
            return placement.make_space(design, ids, self._scene.session.catalog, graph=graph)
        home = design.graph(graph)
        sizes = {id: self._size(design, graph, id) for id in home.ids()}
        direction = "down" if self._scene.down else "right"
        spaced = make_space(design, ids, sizes, graph=graph, direction=direction, min_gap=self._gaps(home))
        self._motion.expect(spaced, lambda: self._reveal(ids))
        return spaced

    def _size(self, design: Design, graph: str, id: str) -> tuple[float, float]:
        """Return the size of an item; one that is not drawn yet as its card will be once its costs are known."""
        node = self._scene.nodes.get(id)
        if node is not None:
            return node.body.width(), node.body.height()
        shown = content(design, self._scene.session.catalog, graph, id, None)
        return metrics.size(replace(shown, detail=LONG_DETAIL) if shown.shape == "card" else shown)

    def _gaps(self, graph: Graph) -> dict[Wire, float]:
        """Return the gap that each wire of the new graph needs for its labels."""
        labels = self._scene.wire_labels
        # 1. Wires that are drawn already need what they show.
        gaps = labels.gaps()
        chips = {(wire.source, wire.source_port): chip.text for wire, chip in self._scene.drawn.chips.items()}
        for wire in graph.wires:
            if wire in self._scene.wires:
                continue
            # 2. A new wire from a drawn port takes over the chip of that port.
            label = chips.get((wire.source, wire.source_port), "")
            # 3. A wire from a new node will have a chip if the node changes the shape; its input shape is a guess.
            if not label and wire.source not in self._scene.nodes and self._may_change_shape(graph, wire.source):
                inputs = (labels.label_of(w.source, w.source_port) for w in graph.in_wires(wire.source))
                label = next(filter(None, inputs), "")
            gaps[wire] = labels.gap_for(label, labels.names_width(wire))
        return gaps

    def _may_change_shape(self, graph: Graph, id: str) -> bool:
        """Return whether a node's output may have another shape than its first input, as its block declares."""
        node: Node | None = graph.nodes.get(id)
        if node is None:
            return False
        spec = self._scene.session.catalog.get(node.block)
        return spec is None or spec.shapes.inputs[:1] != spec.shapes.outputs[:1]
