"""A comparison on the canvas: what was added, changed, or changed inside is marked where it is; what was removed is a ghost."""

from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from composer.core.diff import Diff
from composer.core.graph import Graph, Wire
from composer.gui.canvas.items import metrics
from composer.gui.canvas.items.content import content
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.scene import DesignScene

Z_GHOST = 9.0  # below the cards, above the wires
BOW = 90.0
ASIDE = QPointF(16.0, 16.0)  # of a ghost whose place has been taken


class Differences(QObject):
    """Keeps the marks of a scene up with the session's comparison.

    Args:
        scene: the scene.
    """

    def __init__(self, scene: DesignScene) -> None:
        super().__init__(scene)
        self._scene = scene
        self.ghosts: dict[str, GhostItem] = {}
        self.ghost_wires: dict[Wire, GhostWire] = {}
        self._marked = False
        scene.session.comparison.changed.connect(self.refresh)
        scene.session.theme_changed.connect(self.refresh)
        scene.rebuilt.connect(self.refresh)
        scene.session.document.design_changed.connect(self._on_design)

    def _on_design(self, change: Diff, _initiator: object) -> None:
        if change.graphs:
            self.refresh()

    def refresh(self) -> None:
        """Mark anew."""
        scene, comparison = self._scene, self._scene.session.comparison
        if not comparison.on and not self._marked:
            return
        for item in (*self.ghosts.values(), *self.ghost_wires.values()):
            scene.removeItem(item)
        self.ghosts, self.ghost_wires = {}, {}
        self._marked = comparison.on
        marks: dict[str, str] = {}
        added: set[Wire] = set()
        if comparison.on:
            old, change = comparison.graph(scene.session.document.graph_name)
            inside = comparison.changed_graphs()
            uses = [id for id, node in scene.graph.nodes.items() if node.subgraph in inside]
            marks = {**dict.fromkeys((*uses, *change.changed), "changed"), **dict.fromkeys(change.added, "added")}
            added = set(change.wires_added)
            self._draw_ghosts(old, change.removed, change.wires_removed)
        for id, node in scene.nodes.items():
            node.show_state(mark=marks.get(id, ""))
        for wire, drawn in scene.wires.items():
            drawn.set_mark("added" if wire in added else "")
        scene.drawn.notify_changed(moved=False)

    def _draw_ghosts(self, old: Graph, removed: tuple[str, ...], wires: tuple[Wire, ...]) -> None:
        scene, session = self._scene, self._scene.session
        other = session.comparison.other
        assert other is not None
        for id in removed:
            item = old.item(id)
            assert item is not None
            ghost = GhostItem(content(other, session.catalog, session.document.graph_name, id, None), scene.down)
            ghost.setPos(*item.position)
            if any(node.scene_body().intersects(ghost.scene_body()) for node in scene.nodes.values()):
                ghost.setPos(ghost.pos() + ASIDE)
            self.ghosts[id] = ghost
            scene.addItem(ghost)
        for wire in wires:
            source, target = self._end(wire.source), self._end(wire.target)
            if source is not None and target is not None:
                drawn = GhostWire(source.port_position(True, 0), target.port_position(False, 0), scene.down)
                self.ghost_wires[wire] = drawn
                scene.addItem(drawn)

    def _end(self, id: str) -> "NodeItem | GhostItem | None":
        return self.ghosts.get(id) or self._scene.nodes.get(id)

    def extent(self) -> QRectF:
        """The rectangle that holds all ghosts."""
        found = QRectF()
        for ghost in self.ghosts.values():
            found = found.united(ghost.scene_body())
        return found


class GhostItem(QGraphicsItem):
    """A card that is no longer there; it looks like one but is not found by the pointer as one."""

    def __init__(self, said: object, down: bool) -> None:
        super().__init__()
        # A card of its own that is never in the scene: it knows its size and where its ports were.
        self._card = NodeItem(said, down)  # type: ignore[arg-type]
        self._card.show_state(mark="removed")
        self.setZValue(Z_GHOST)
        self.setOpacity(0.9)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def scene_body(self) -> QRectF:
        """The body in scene coordinates."""
        return self._card.body.translated(self.pos())

    def port_position(self, output: bool, index: int) -> QPointF:
        """Place of a port in scene coordinates."""
        return self.pos() + self._card.port_position(output, index)

    def boundingRect(self) -> QRectF:
        """What it paints at most."""
        return self._card.boundingRect()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint it."""
        self._card.paint(painter, option, widget)


class GhostWire(QGraphicsItem):
    """A wire that is no longer there."""

    def __init__(self, begin: QPointF, end: QPointF, down: bool) -> None:
        super().__init__()
        reach = max(40.0, abs((end - begin).y() if down else (end - begin).x()) / 2)
        along = QPointF(0.0, reach) if down else QPointF(reach, 0.0)
        # A long one goes around what now stands on its way.
        aside = (QPointF(BOW, 0.0) if down else QPointF(0.0, BOW)) if reach > BOW else QPointF()
        self._path = QPainterPath(begin)
        self._path.cubicTo(begin + along + aside, end - along + aside, end)
        self.setZValue(Z_GHOST - 1)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        """What it paints at most."""
        return self._path.boundingRect().adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint it."""
        pen = QPen(QColor(metrics.mark_color("removed")), 1.5, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([4.0, 4.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
