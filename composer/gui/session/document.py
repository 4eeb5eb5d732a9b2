"""The open document: a design with a single point of change, its history, and what is shown and selected."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QUndoStack

from composer.core import edits, names
from composer.core.bends import bends_of, set_bends
from composer.core.clip import Clip, adapt, take
from composer.core.diff import diff
from composer.core.errors import DesignError, UserError
from composer.core.graph import SUBGRAPH, Design, Graph, Input, Node, Output, Point, Wire
from composer.core.limits import check_limits
from composer.core.node_paths import visible_graph
from composer.gui.session import clipboard
from composer.gui.session.edit_command import Edit
from composer.gui.session.placement import EstimatedPlacement, Placement

UNDO_LIMIT = 1000
DEFAULT_IMAGE = (3, 224, 224)


class Document(QObject):
    """The design, its undo stack, the selection and the shown graph.

    Args:
        parent: Qt parent.

    Attributes:
        design: the current design; replaced, never changed in place.
        instance_path: node ids from the main graph to the shown sub-graph instance; empty for the main graph.
        selection: ids of the selected items of the shown graph.
        wire_selection: the selected wires of the shown graph.
        bend: the selected bend, as a wire and an index into its bends; only while that wire alone is selected.
        undo_stack: the history.

    Signals:
        design_changed: the `Diff` and the initiator of the edit.
        selection_changed: another selection of items, wires or a bend.
        shown_graph_changed: name of the graph that is shown now.
        message: a text and its level: ``info``, ``warning`` or ``error``.
    """

    design_changed = Signal(object, object)
    selection_changed = Signal()
    shown_graph_changed = Signal(str)
    message = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.design = Design()
        self.instance_path: tuple[str, ...] = ()
        self.selection: tuple[str, ...] = ()
        self.wire_selection: tuple[Wire, ...] = ()
        self.bend: tuple[Wire, int] | None = None
        self._placement: Placement = EstimatedPlacement()
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self._merge_ids: dict[object, int] = {}

    def use_placement(self, placement: Placement) -> None:
        """Let the canvas decide where new items go; without one, positions follow from estimated card sizes."""
        self._placement = placement

    @property
    def graph_name(self) -> str:
        """Name of the graph the canvas shows; empty for the main graph."""
        return visible_graph(self.design, self.instance_path)

    @property
    def graph(self) -> Graph:
        """The graph the canvas shows."""
        return self.design.graph(self.graph_name)

    @property
    def dirty(self) -> bool:
        """Whether there is work that is not saved."""
        return not self.undo_stack.isClean()

    # --- edits ------------------------------------------------------------------------------------------------------

    def apply(self, new_design: Design, label: str, merge_key: object = None, initiator: object = None) -> None:
        """Replace the design as one step of the history; every change of the design goes through here.

        Args:
            new_design: result of a function of `core.edits`.
            label: text of the step in the history.
            merge_key: consecutive steps with equal keys become one.
            initiator: object that makes the edit; it can skip the update of what it has drawn already.
        """
        if new_design is self.design or diff(self.design, new_design).empty:
            return  # a step that changes nothing would be undone without any effect
        merge_id = -1 if merge_key is None else self._merge_ids.setdefault(merge_key, len(self._merge_ids))
        self.undo_stack.push(Edit(self.design, new_design, label, self._put, merge_id, initiator))

    def edit(
        self,
        label: str,
        function: Callable[..., Design],
        *args: Any,
        merge_key: object = None,
        initiator: object = None,
        **kwargs: Any,
    ) -> bool:
        """Apply a function of `core.edits` to a graph, by default to the shown one.

        Args:
            label: text of the step in the history.
            function: takes the design, ``args``, ``kwargs`` and the keyword ``graph``; returns the new design.
            *args: passed on.
            merge_key: see `apply`.
            initiator: see `apply`.
            **kwargs: passed on; ``graph`` names another graph than the shown one.

        Returns:
            Whether the edit was applied; the reason of a refusal is shown as a message.
        """
        return self.edit_design(
            label,
            function,
            *args,
            merge_key=merge_key,
            initiator=initiator,
            **{"graph": self.graph_name, **kwargs},
        )

    def edit_design(
        self,
        label: str,
        function: Callable[..., Design],
        *args: Any,
        merge_key: object = None,
        initiator: object = None,
        **kwargs: Any,
    ) -> bool:
        """Apply a function that edits the design as a whole: variables, training settings, names of sub-graphs.

        Takes and returns what `edit` does, but passes no ``graph``.
        """
        try:
            new = function(self.design, *args, **kwargs)
            check_limits(new)
        except DesignError as error:
            self.message.emit(str(error), "warning")
            return False
        self.apply(new, label, merge_key, initiator)
        return True

    def undo(self) -> None:
        """Undo the last step."""
        self.undo_stack.undo()

    def redo(self) -> None:
        """Redo the next step."""
        self.undo_stack.redo()

    def add_block(
        self, block_name: str, position: Point | QPointF, initiator: object = None, *, aside: bool = False
    ) -> str:
        """Add a node to the shown graph and select it.

        Args:
            block_name: a block, ``graph:NAME``, or ``Input`` or ``Output``.
            position: where on the canvas.
            initiator: see `apply`.
            aside: whether to make space where the position is occupied.

        Returns:
            The new id; empty if the edit was refused.
        """
        at = (position.x(), position.y()) if isinstance(position, QPointF) else position
        taken = set(self.graph.ids())
        item: Input | Node | Output
        if block_name == "Input":
            inside = bool(self.graph_name)
            item = Input(names.fresh("x" if inside else "image", taken), () if inside else DEFAULT_IMAGE, position=at)
        elif block_name == "Output":
            item = Output(names.fresh("output", taken), at)
        else:
            item = Node(names.fresh(names.snake(block_name.removeprefix(SUBGRAPH)), taken), block_name, position=at)

        def add(design: Design, graph: str) -> Design:
            design = edits.add(design, item, graph=graph)
            return self.make_space(design, (item.id,), graph) if aside else design

        if not self.edit(f"Add {item.id}", add, initiator=initiator):
            return ""
        self.select((item.id,))
        return item.id

    def add_at_view_center(self, block_name: str) -> str:
        """Add a node in the middle of the view, clear of the items there; see `add_block`."""
        return self.add_block(block_name, self._placement.view_center(), aside=True)

    def insert_on_wire(self, wire: Wire, block: str | Node, position: Point | QPointF | None = None) -> bool:
        """Insert a node into a wire and select it; the nodes behind it move to make space.

        Args:
            wire: a wire of the shown graph.
            block: a block or ``graph:NAME``, or a node of the shown graph that has no wires.
            position: where on the canvas; None for the position of the node, or the middle of the wire for a new one.
        """
        if isinstance(block, str):
            id = names.fresh(names.snake(block.removeprefix(SUBGRAPH)), set(self.graph.ids()))
            node = Node(id, block, position=self._halfway(wire))
        else:
            node = block
        at = (position.x(), position.y()) if isinstance(position, QPointF) else position or node.position

        def insert(design: Design, graph: str) -> Design:
            design = edits.move(edits.insert_on_wire(design, wire, node, graph=graph), {node.id: at}, graph=graph)
            return self.make_space(design, (node.id,), graph)

        if not self.edit(f"Insert {node.id} into {wire}", insert):
            return False
        self.select((node.id,))
        return True

    def _halfway(self, wire: Wire) -> Point:
        ends = [item.position for id in (wire.source, wire.target) if (item := self.graph.item(id)) is not None]
        return sum(x for x, _ in ends) / 2, sum(y for _, y in ends) / 2

    def make_space(self, design: Design, ids: Collection[str], graph: str) -> Design:
        """Return the design with space around items that were just put into a graph."""
        return self._placement.make_space(design, ids, graph)

    def make_space_for_new(self, before: Design, after: Design) -> Design:
        """Return ``after`` with space around each item that ``before`` does not have, one item after the other."""
        for name, graph in after.all_graphs():
            old_ids = set(before.graph(name).ids()) if not name or name in before.graphs else set(graph.ids())
            for id in graph.ids():
                if id not in old_ids:
                    after = self.make_space(after, (id,), name)
        return after

    def rename(self, old: str, new: str) -> bool:
        """Give an item of the shown graph another id."""
        selection = tuple(new if id == old else id for id in self.selection)
        if not self.edit(f"Rename {old} to {new}", edits.rename, old, new):
            return False
        if old != new:
            self.select(selection)
        return True

    def delete_selection(self, reconnect: bool = False) -> None:
        """Remove the selected bend, or the selected items and wires.

        Args:
            reconnect: whether to wire what fed a removed node to what it fed.
        """
        ids, wires = self.selection, self.wire_selection
        if self.bend is not None:
            self.remove_bend(*self.bend)
            return
        if not ids and not wires:
            return

        def remove(design: Design, graph: str) -> Design:
            return edits.remove(edits.disconnect(design, wires, graph=graph), ids, graph=graph, reconnect=reconnect)

        self.edit(f"Delete {_counted(ids, wires)}", remove)

    def remove_bend(self, wire: Wire, index: int) -> None:
        """Remove one bend of a wire."""
        bends = bends_of(self.graph, wire)
        self.edit(f"Straighten {wire}", set_bends, wire, (*bends[:index], *bends[index + 1 :]))
        self.select((), (wire,))

    # --- clipboard --------------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Copy the selected items."""
        if self.selection:
            clipboard.put(take(self.design, self.selection, graph=self.graph_name, instance_path=self.instance_path))

    def cut(self) -> None:
        """Copy the selected items and remove them."""
        if self.selection:
            self.copy()
            self.delete_selection()

    def paste(self, position: Point | QPointF | None = None, keep_inputs: bool = False) -> None:
        """Paste the copied items and select them; what their names mean here is what they meant where they were copied.

        Args:
            position: where the top left item goes; None for its original position, or beside it if that is occupied.
            keep_inputs: whether to wire the copies to the sources of the originals.
        """
        try:
            clip = clipboard.get(keep_inputs=keep_inputs)
        except UserError as error:
            self.message.emit(str(error), "warning")
            return
        if clip is not None and any(clip.items.ids()):
            self._paste(clip, position, "Paste")

    def duplicate(self) -> None:
        """Add copies of the selected items, wired to the same sources."""
        if self.selection:
            self._paste(Clip(edits.excerpt(self.design, self.selection, graph=self.graph_name)), None, "Duplicate")

    def _paste(self, clip: Clip, position: Point | QPointF | None, label: str) -> None:
        offset = (0.0, 0.0)
        if position is not None:
            items = [item for id in clip.items.ids() if (item := clip.items.item(id)) is not None]
            left, top = min(item.position[0] for item in items), min(item.position[1] for item in items)
            x, y = (position.x(), position.y()) if isinstance(position, QPointF) else position
            offset = (x - left, y - top)
        new_ids: dict[str, str] = {}
        notes: list[str] = []

        def paste(design: Design, graph: str) -> Design:
            design, items, renamed = adapt(design, clip, graph=graph)
            notes.extend(renamed)
            design, ids = edits.paste(design, items, offset, graph=graph)
            new_ids.update(ids)
            return self.make_space(design, ids.values(), graph)

        if self.edit(f"{label} {_counted(tuple(clip.items.ids()), ())}", paste):
            self.select(new_ids.values())
            if notes:
                self.message.emit("; ".join(notes), "info")

    # --- what is shown and selected ---------------------------------------------------------------------------------

    def select(self, ids: Iterable[str], wires: Iterable[Wire] = (), bend: tuple[Wire, int] | None = None) -> None:
        """Select items and wires of the shown graph; those that do not exist are ignored.

        Args:
            ids: items.
            wires: wires.
            bend: a bend of a wire, as the wire and the index of the bend.
        """
        graph = self.graph
        selection = tuple(dict.fromkeys(id for id in ids if graph.item(id) is not None))
        candidates = tuple(dict.fromkeys(wires))
        existing = set(graph.wires) if candidates else set()
        wire_selection = tuple(wire for wire in candidates if wire in existing)
        if (selection, wire_selection, bend) != (self.selection, self.wire_selection, self.bend):
            self.selection, self.wire_selection, self.bend = selection, wire_selection, bend
            self.selection_changed.emit()

    def enter(self, node_id: str) -> None:
        """Show the inside of a sub-graph instance."""
        node = self.graph.nodes.get(node_id)
        if node is not None and node.subgraph in self.design.graphs:
            self.show_graph((*self.instance_path, node_id))

    def leave(self) -> None:
        """Show the parent graph with the instance that was left selected."""
        if self.instance_path:
            left = self.instance_path[-1]
            self.show_graph(self.instance_path[:-1])
            self.select((left,))

    def show_graph(self, instance_path: Iterable[str]) -> None:
        """Show the sub-graph instance at a path of node ids; the empty path is the main graph."""
        path = tuple(instance_path)
        try:
            name = visible_graph(self.design, path)
        except KeyError:
            return
        if path != self.instance_path:
            self.instance_path = path
            self.shown_graph_changed.emit(name)
            self.select(())

    def reset(self, design: Design) -> None:
        """Load another design: without history and selection, showing the main graph."""
        before, self.design = self.design, design
        self.instance_path, self.selection, self.wire_selection, self.bend = (), (), (), None
        self.undo_stack.clear()
        self._merge_ids.clear()
        # First, as in `_put`: the canvas may still show a sub-graph of the previous design.
        self.shown_graph_changed.emit("")
        self.design_changed.emit(diff(before, design), None)
        self.selection_changed.emit()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _put(self, design: Design, initiator: object) -> None:
        change = diff(self.design, design)
        before = self.graph_name
        self.design = design
        if (shown := self._shown_graph()) != before:
            if not shown:
                self.instance_path = ()
            self.shown_graph_changed.emit(shown)
        if change.empty:
            return
        self.design_changed.emit(change, initiator)
        if change.graphs:
            self.select(self.selection, self.wire_selection)

    def _shown_graph(self) -> str:
        """Return the graph at the instance path, which an edit may have renamed; the main graph if the path is gone."""
        try:
            return visible_graph(self.design, self.instance_path)
        except KeyError:
            return ""


def _counted(ids: Sequence[str], wires: Sequence[Wire]) -> str:
    if len(ids) == 1:
        return ids[0]
    if ids:
        return f"{len(ids)} items"
    return "wire" if len(wires) == 1 else f"{len(wires)} wires"
