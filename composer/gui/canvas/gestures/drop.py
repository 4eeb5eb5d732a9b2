"""Drop: a block dragged in from the palette; dropped on a wire it is inserted there."""

from PySide6.QtCore import QMimeData

from composer.core import names
from composer.core.graph import SUBGRAPH, Wire
from composer.gui.canvas.gestures.base import Gesture, Pointer, Surface
from composer.gui.canvas.hit_test import wire_at
from composer.gui.canvas.items.content import Content, node_shape
from composer.gui.canvas.items.merge_item import MergeItem
from composer.gui.canvas.items.metrics import snap_point
from composer.gui.canvas.items.node_item import NodeItem

BLOCK_MIME = "application/x-netcomposer-block"
REACH = 14.0  # pixels of the screen within which a wire takes the block
Z_PREVIEW = 40.0


class DropGesture(Gesture):
    """Shows where a dragged block would be added, and adds it there.

    Args:
        surface: the view.
        block: name of the block, ``graph:NAME``, ``Input`` or ``Output``.
    """

    def __init__(self, surface: Surface, block: str) -> None:
        super().__init__(surface)
        self.block = block
        self._preview: NodeItem | None = None
        self._wire: Wire | None = None

    @staticmethod
    def block_of(data: QMimeData) -> str:
        """Return the name of the dragged block; empty if something else is dragged."""
        return bytes(data.data(BLOCK_MIME).data()).decode("utf-8", "replace") if data.hasFormat(BLOCK_MIME) else ""

    def start(self, pointer: Pointer) -> None:
        """Show the card that would be added."""
        super().start(pointer)
        content = self._content()
        self._preview = (MergeItem if content.shape == "merge" else NodeItem)(content, self.scene.down)
        self._preview.setOpacity(0.6)
        self._preview.setZValue(Z_PREVIEW)
        self.scene.addItem(self._preview)
        self.move(pointer)

    def _content(self) -> Content:
        name = self.block.removeprefix(SUBGRAPH)
        spec = self.session.catalog.get(self.block)
        id = names.fresh(names.snake(name), set(self.scene.graph.ids()))
        if self.block in ("Input", "Output"):
            return Content(id, "end", id, line=name.lower(), family="io")
        family = spec.category if spec else "graph"
        sign = spec.sign if spec else ""
        stacked = self.block.startswith(SUBGRAPH)
        return Content(id, node_shape(spec), id, line=name, family=family, sign=sign, stacked=stacked)

    def move(self, pointer: Pointer) -> None:
        """Move the card, and mark the wire that would take it; Alt takes none."""
        if self._preview is None:
            return
        self._preview.setPos(*snap_point(pointer.scene))
        self._wire = None
        if self._fits_wire() and not pointer.alt:
            item = wire_at(self.scene, pointer.scene, self.surface.reach(REACH))
            self._wire = item.wire if item is not None else None
        self.scene.highlight.hover_wire(self._wire)

    def _fits_wire(self) -> bool:
        """Return whether the block has an input and an output."""
        spec = self.session.catalog.get(self.block)
        if spec is not None:
            return bool(spec.inputs and spec.outputs)
        name = self.block.removeprefix(SUBGRAPH)
        graph = self.document.design.graphs.get(name) if self.block.startswith(SUBGRAPH) else None
        return graph is not None and bool(graph.inputs and graph.outputs)

    def end(self, pointer: Pointer) -> None:
        """Add the block, on the wire if there is one."""
        self.move(pointer)
        wire = self._wire
        self.cancel()
        position = snap_point(pointer.scene)
        if wire is None:
            self.document.add_block(self.block, position)
        else:
            self.document.insert_on_wire(wire, self.block, position)

    def cancel(self) -> None:
        """Remove the card."""
        if self._preview is not None:
            self.scene.removeItem(self._preview)
            self._preview = None
        self.scene.highlight.hover_wire(None)
