"""The graphics items of the shown graph, in one place: the scene fills it, wires, labels and the overview read it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from composer.core.graph import Wire
from composer.gui.canvas.items.frame_item import FrameItem
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.items.wire_item import ChipItem, WireItem

EMPTY_EXTENT = QRectF(-200, -120, 400, 240)
NO_CONTENTS = QGraphicsItem.GraphicsItemFlag.ItemHasNoContents


class SceneItems(QObject):
    """The items of one scene by what they draw, and how wires connect them.

    Args:
        scene: the scene that paints them.

    Attributes:
        nodes: node items by id.
        wires: wire items by wire.
        chips: shape labels, of those wires that have one.
        frames: frame items by id.
        in_wires: wires by the id of the item they enter.
        out_wires: wires by the id of the item they leave.
        down: whether wires run top-down instead of left to right.

    Signals:
        changed: an item moved, or is painted differently in the overview.
    """

    changed = Signal()

    def __init__(self, scene: QGraphicsScene) -> None:
        super().__init__(scene)
        self._scene = scene
        self.nodes: dict[str, NodeItem] = {}
        self.wires: dict[Wire, WireItem] = {}
        self.chips: dict[Wire, ChipItem] = {}
        self.frames: dict[str, FrameItem] = {}
        self.in_wires: defaultdict[str, list[Wire]] = defaultdict(list)
        self.out_wires: defaultdict[str, list[Wire]] = defaultdict(list)
        self.down = False
        self._hidden = False
        self._extent: QRectF | None = None

    # --- items in the scene -----------------------------------------------------------------------------------------

    def add(self, item: NodeItem | WireItem | ChipItem) -> None:
        """Put an item into the scene; it paints nothing while contents are hidden."""
        item.setFlag(NO_CONTENTS, self._hidden)
        self._scene.addItem(item)

    def remove(self, item: QGraphicsItem) -> None:
        """Take an item out of the scene."""
        self._scene.removeItem(item)

    def hide_contents(self, hidden: bool) -> None:
        """Stop nodes, wires and chips from painting, while the overview paints them; hit tests still find them."""
        self._hidden = hidden
        for item in (*self.nodes.values(), *self.wires.values(), *self.chips.values()):
            item.setFlag(NO_CONTENTS, hidden)

    def notify_changed(self, *, moved: bool = True) -> None:
        """Emit `changed`; `moved` also measures the extent again at the next request."""
        if moved:
            self._extent = None
        self.changed.emit()

    # --- geometry ---------------------------------------------------------------------------------------------------

    def extent(self) -> QRectF:
        """Return the rectangle that holds all nodes, wires and frames; a small one around the origin without any."""
        if self._extent is None:
            self._extent = self._measure()
        return QRectF(self._extent)

    def _measure(self) -> QRectF:
        rects = [node.scene_body() for node in self.nodes.values()]
        rects += [QRectF(*item.frame.rect) for item in self.frames.values()]
        rects += [wire.boundingRect() for wire in self.wires.values()]
        extent = QRectF()
        for rect in rects:
            extent = extent.united(rect)
        return extent if rects else EMPTY_EXTENT

    def flow_point(self, point: QPointF) -> tuple[float, float]:
        """Return a scene point as (along, across) the flow, the coordinates of the router."""
        return (point.y(), point.x()) if self.down else (point.x(), point.y())

    # --- connections ------------------------------------------------------------------------------------------------

    def index_wires(self, wires: Iterable[Wire]) -> None:
        """Rebuild `in_wires` and `out_wires` from the wires of the graph."""
        self.in_wires.clear()
        self.out_wires.clear()
        for wire in wires:
            self.in_wires[wire.target].append(wire)
            self.out_wires[wire.source].append(wire)

    def wires_of(self, ids: Iterable[str]) -> Iterator[Wire]:
        """Yield the wires that enter or leave some items; one between two of them comes twice."""
        for id in ids:
            yield from self.in_wires.get(id, ())
            yield from self.out_wires.get(id, ())
