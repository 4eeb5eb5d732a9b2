"""The whole graph as blocks of colour and plain lines, in a few strokes: what is painted when the view is far away."""

from collections import defaultdict
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from composer.gui.canvas.items import metrics

if TYPE_CHECKING:
    from composer.gui.canvas.scene import DesignScene

EMPTY = QGraphicsItem.GraphicsItemFlag.ItemHasNoContents


class OverviewItem(QGraphicsItem):
    """Paints all nodes and wires at once; meanwhile their own items paint nothing but are still found by the pointer.

    Args:
        scene: the scene whose items it stands for.
    """

    def __init__(self, scene: "DesignScene") -> None:
        super().__init__()
        self._design_scene = scene
        self._wires: dict[str, QPainterPath] | None = None
        self._bounds = QRectF()
        self.on = False
        self.setFlag(EMPTY)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def set_on(self, on: bool) -> None:
        """Stand for the items, or leave it to them."""
        if on != self.on:
            self.on = on
            self.setFlag(EMPTY, not on)
            self.adopt(self._design_scene.drawn_items())
            self.changed()

    def adopt(self, items: "list[QGraphicsItem]") -> None:
        """Let items paint, or not, as it is now."""
        for item in items:
            item.setFlag(EMPTY, self.on)

    def changed(self) -> None:
        """Something was moved or looks different."""
        self._wires = None
        bounds = self._design_scene.extent()
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        self.update()

    def boundingRect(self) -> QRectF:
        """What it paints at most."""
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint it."""
        scene = self._design_scene
        if self._wires is None:
            self._wires = defaultdict(QPainterPath)
            for wire in scene.wires.values():
                if wire.isVisible():
                    self._wires[wire.mark or wire.state].addPath(wire.path)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for state, path in sorted(self._wires.items(), key=lambda entry: entry[0] != "faded"):
            pen = QPen(metrics.wire_pen("map", state).color(), 1)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawPath(path)
        # Few looks, many nodes: a brush is asked for once a look.
        blocks: defaultdict[tuple[object, ...], list[QRectF]] = defaultdict(list)
        brushes: dict[tuple[object, ...], QBrush] = {}
        for node in scene.nodes.values():
            key = node.lod_key()
            if key not in brushes:
                brushes[key] = node.lod_brush()
            blocks[key].append(node.scene_body())
        painter.setPen(Qt.PenStyle.NoPen)
        for key, bodies in blocks.items():
            painter.setBrush(brushes[key])
            painter.drawRects(bodies)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
