"""The lowest level of detail: one item paints the whole graph as colored rectangles and thin lines in a few strokes."""

from collections import defaultdict

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.items import NO_CONTENTS, SceneItems


class OverviewItem(QGraphicsItem):
    """Paints all nodes and wires when zoomed out.

    Meanwhile their own items paint nothing, but hit tests still find them.

    Args:
        items: the items it paints in place of.

    Attributes:
        on: whether it paints.
    """

    def __init__(self, items: SceneItems) -> None:
        super().__init__()
        self._items = items
        self._paths: dict[str, QPainterPath] | None = None  # of wires, by state; None until the next paint
        self._bounds = QRectF()
        self.on = False
        self.setFlag(NO_CONTENTS)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        items.changed.connect(self._on_changed)

    def set_on(self, on: bool) -> None:
        """Paint in place of the items, or leave the painting to them."""
        if on != self.on:
            self.on = on
            self.setFlag(NO_CONTENTS, not on)
            self._items.hide_contents(on)
            self._refresh()

    def _on_changed(self) -> None:
        if self.on:
            self._refresh()

    def _refresh(self) -> None:
        self._paths = None
        bounds = self._items.extent()
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the area that it may paint."""
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint wires, then nodes."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_wires(painter)
        self._paint_nodes(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def _paint_wires(self, painter: QPainter) -> None:
        """Stroke the wires of each state as one path, the faded ones below the others."""
        if self._paths is None:
            self._paths = defaultdict(QPainterPath)
            for wire in self._items.wires.values():
                if wire.isVisible():
                    self._paths[wire.mark or wire.state].addPath(wire.path)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for state, path in sorted(self._paths.items(), key=lambda entry: entry[0] != "faded"):
            pen = QPen(metrics.wire_pen("map", state).color(), 1)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawPath(path)

    def _paint_nodes(self, painter: QPainter) -> None:
        """Fill the bodies of nodes that look alike in one call: there are few keys and many nodes."""
        bodies: defaultdict[tuple[object, ...], list[QRectF]] = defaultdict(list)
        brushes: dict[tuple[object, ...], QBrush] = {}
        for node in self._items.nodes.values():
            key = node.lod_key()
            if key not in brushes:
                brushes[key] = node.lod_brush()
            bodies[key].append(node.scene_body())
        painter.setPen(Qt.PenStyle.NoPen)
        for key, rects in bodies.items():
            painter.setBrush(brushes[key])
            painter.drawRects(rects)
