"""A comparison on the canvas: marks on what was added or changed, and ghosts of what was removed."""

from PySide6.QtCore import QObject, QPointF

from composer.core.diff import Diff
from composer.core.graph import Graph, Wire
from composer.gui.canvas.items.content import content
from composer.gui.canvas.items.ghost_item import GhostItem, GhostWire
from composer.gui.canvas.items.node_item import NodeItem
from composer.gui.canvas.scene import DesignScene

OFFSET = QPointF(16.0, 16.0)  # of a ghost where another card is now


class Differences(QObject):
    """Keeps the marks and ghosts of a scene in step with the session's comparison.

    Args:
        scene: the scene.

    Attributes:
        ghosts: removed cards by id.
        ghost_wires: removed wires.
    """

    def __init__(self, scene: DesignScene) -> None:
        super().__init__(scene)
        self._scene = scene
        self._document = scene.session.document
        self._comparison = scene.session.comparison
        self.ghosts: dict[str, GhostItem] = {}
        self.ghost_wires: dict[Wire, GhostWire] = {}
        self._marked = False
        self._comparison.changed.connect(self.refresh)
        scene.session.theme_changed.connect(self.refresh)
        scene.rebuilt.connect(self.refresh)
        self._document.design_changed.connect(self._on_design)

    def _on_design(self, change: Diff, _initiator: object) -> None:
        if change.graphs:
            self.refresh()

    def refresh(self) -> None:
        """Draw all marks and ghosts again."""
        scene, comparison = self._scene, self._comparison
        if not comparison.on and not self._marked:
            return
        for item in (*self.ghosts.values(), *self.ghost_wires.values()):
            scene.removeItem(item)
        self.ghosts, self.ghost_wires = {}, {}
        self._marked = comparison.on
        marks: dict[str, str] = {}
        added_wires: set[Wire] = set()
        if comparison.on:
            old, change = comparison.graph(self._document.graph_name)
            changed_graphs = comparison.changed_graphs()
            instances = [id for id, node in scene.graph.nodes.items() if node.subgraph in changed_graphs]
            marks = dict.fromkeys((*instances, *change.changed), "changed") | dict.fromkeys(change.added, "added")
            added_wires = set(change.wires_added)
            self._draw_ghosts(old, change.removed, change.wires_removed)
        for id, node in scene.nodes.items():
            node.show_state(mark=marks.get(id, ""))
        for wire, wire_item in scene.wires.items():
            wire_item.set_mark("added" if wire in added_wires else "")
        scene.drawn.notify_changed(moved=False)

    def _draw_ghosts(self, old: Graph, removed: tuple[str, ...], wires: tuple[Wire, ...]) -> None:
        """Draw removed cards, and removed wires between cards or ghosts.

        Args:
            old: the shown graph in the other design.
            removed: ids of its items that are gone.
            wires: its wires that are gone.
        """
        scene, catalog = self._scene, self._scene.session.catalog
        other = self._comparison.other
        assert other is not None
        for id in removed:
            item = old.item(id)
            assert item is not None
            ghost = GhostItem(content(other, catalog, self._document.graph_name, id, None), scene.down)
            ghost.setPos(*item.position)
            if any(node.scene_body().intersects(ghost.scene_body()) for node in scene.nodes.values()):
                ghost.setPos(ghost.pos() + OFFSET)
            self.ghosts[id] = ghost
            scene.addItem(ghost)
        for wire in wires:
            source, target = self._drawn_item(wire.source), self._drawn_item(wire.target)
            if source is not None and target is not None:
                ghost_wire = GhostWire(source.port_position(True, 0), target.port_position(False, 0), scene.down)
                self.ghost_wires[wire] = ghost_wire
                scene.addItem(ghost_wire)

    def _drawn_item(self, id: str) -> NodeItem | GhostItem | None:
        return self.ghosts.get(id) or self._scene.nodes.get(id)
