"""Drop: a block dragged from the palette; on a wire it is put in between."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData

from composer.core import names
from composer.core.graph import SUBGRAPH, Wire
from composer.gui.canvas.gestures.base import Gesture, Pointer, snapped_point
from composer.gui.canvas.items.content import Content, node_shape
from composer.gui.canvas.items.merge_item import MergeItem
from composer.gui.canvas.items.node_item import NodeItem

if TYPE_CHECKING:
    from composer.gui.canvas.view import GraphView

BLOCK_MIME = "application/x-netcomposer-block"
REACH = 14.0


class DropGesture(Gesture):
    """Shows where a dragged block would land, and adds it there.

    Args:
        view: the view.
        block: name of the block, ``graph:NAME``, ``Input`` or ``Output``.
    """

    def __init__(self, view: "GraphView", block: str) -> None:
        super().__init__(view)
        self.block = block
        self._ghost: NodeItem | None = None
        self._wire: Wire | None = None

    @staticmethod
    def block_of(data: QMimeData) -> str:
        """Name of the block that is dragged; empty if it is something else."""
        return bytes(data.data(BLOCK_MIME).data()).decode("utf-8", "replace") if data.hasFormat(BLOCK_MIME) else ""

    def start(self, pointer: Pointer) -> None:
        """Begin."""
        super().start(pointer)
        content = self._content()
        self._ghost = (MergeItem if content.shape == "merge" else NodeItem)(content, self.scene.down)
        self._ghost.setOpacity(0.6)
        self._ghost.setZValue(40)
        self.scene.addItem(self._ghost)
        self.move(pointer)

    def _content(self) -> Content:
        name = self.block.removeprefix(SUBGRAPH)
        spec = self.session.catalog.get(self.block)
        id = names.fresh(names.snake(name), set(self.scene.graph.ids()))
        if self.block in ("Input", "Output"):
            return Content(id, "end", id, line=name.lower(), family="io")
        family = spec.category if spec else "graph"
        stacked = self.block.startswith(SUBGRAPH)
        sign = spec.sign if spec else ""
        return Content(id, node_shape(spec), id, line=name, family=family, sign=sign, stacked=stacked)

    def move(self, pointer: Pointer) -> None:
        """Follow the pointer."""
        if self._ghost is None:
            return
        self._ghost.setPos(*snapped_point(pointer.scene))
        found = (
            self.scene.wire_at(pointer.scene, self.view.reach(REACH)) if self._fits_wire() and not pointer.alt else None
        )
        self._wire = found.wire if found is not None else None
        self.scene.hover_wire(self._wire)

    def _fits_wire(self) -> bool:
        spec = self.session.catalog.get(self.block)
        inner = (
            self.session.document.design.graphs.get(self.block.removeprefix(SUBGRAPH))
            if self.block.startswith(SUBGRAPH)
            else None
        )
        return bool(spec and spec.inputs and spec.outputs) or bool(inner and inner.inputs and inner.outputs)

    def end(self, pointer: Pointer) -> None:
        """Carry it out."""
        self.move(pointer)
        wire = self._wire
        self.cancel()
        place = snapped_point(pointer.scene)
        if wire is None:
            self.session.document.add_block(self.block, place)
            return
        self.session.document.insert_on_wire(wire, self.block, place)

    def cancel(self) -> None:
        """Leave everything as it was."""
        if self._ghost is not None:
            self.scene.removeItem(self._ghost)
            self._ghost = None
        self.scene.hover_wire(None)
