"""The open document: a design that changes at one place, its history, and what of it is shown and selected."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QUndoStack

from composer.core import edits, names
from composer.core.bends import bends_of, set_bends
from composer.core.diff import diff
from composer.core.errors import DesignError
from composer.core.graph import SUBGRAPH, Design, Graph, Input, Node, Output, Point, Wire
from composer.core.layout import placement
from composer.core.node_paths import visible_graph
from composer.gui.session import clipboard
from composer.gui.session.edit_command import Edit

UNDO_LIMIT = 1000
DEFAULT_IMAGE = (3, 224, 224)


class Document(QObject):
    """Design, undo stack, selection and shown graph. `Session` adds the file, the facts and the workers."""

    design_changed = Signal(object, object)  # Diff, initiator
    selection_changed = Signal()
    shown_graph_changed = Signal(str)
    message = Signal(str, str)  # text, "info" | "warning" | "error"

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.design = Design()
        self.instance_path: tuple[str, ...] = ()
        self.selection: tuple[str, ...] = ()
        self.wire_selection: tuple[Wire, ...] = ()
        self.bend: tuple[Wire, int] | None = None  # the chosen bend of the one selected wire
        # Where a new block comes that was not dropped at a place: the canvas says.
        self.centre: Callable[[], Point] = lambda: (0.0, 0.0)
        # Makes room for new items: the canvas does so by what its cards measure.
        self.make_room: Callable[[Design, Collection[str], str], Design] = placement.with_room
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self._merge_ids: dict[object, int] = {}

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
        """Put a new design in place as one step of the history: the only way a design changes.

        Args:
            new_design: made by a function of `core.edits`.
            label: line of the history.
            merge_key: steps in a row with an equal key become one.
            initiator: who asks, so that it can skip what it drew itself.
        """
        if new_design is self.design:
            return
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
        """Apply a function of `core.edits` to the shown graph.

        Returns:
            Whether it was done; a refusal is shown as a message.
        """
        if "graph" in function.__code__.co_varnames[: function.__code__.co_argcount]:
            kwargs.setdefault("graph", self.graph_name)
        try:
            new = function(self.design, *args, **kwargs)
        except DesignError as error:
            self.message.emit(str(error), "warning")
            return False
        self.apply(new, label, merge_key, initiator)
        return True

    def undo(self) -> None:
        """Take one step back."""
        self.undo_stack.undo()

    def redo(self) -> None:
        """Take one step forward."""
        self.undo_stack.redo()

    def add_block(
        self, block_name: str, position: Point | QPointF, initiator: object = None, *, aside: bool = False
    ) -> str:
        """Add a node to the shown graph and select it.

        Args:
            block_name: a block, ``graph:NAME``, or ``Input`` or ``Output``.
            position: where on the canvas.
            initiator: see `apply`.
            aside: whether it moves aside where something stands already.

        Returns:
            The new id, or an empty text where the edit was refused.
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

        def added(design: Design, graph: str) -> Design:
            design = edits.add(design, item, graph)
            return self.make_room(design, (item.id,), graph) if aside else design

        if not self.edit(f"Add {item.id}", added, initiator=initiator):
            return ""
        self.select((item.id,))
        return item.id

    def add_at_centre(self, block_name: str) -> str:
        """Add a node in the middle of the view, aside of whatever is there; see `add_block`."""
        return self.add_block(block_name, self.centre(), aside=True)

    def insert_on_wire(self, wire: Wire, block: str | Node, position: Point | QPointF | None = None) -> bool:
        """Put a node in the middle of a wire and select it; what it feeds makes room.

        Args:
            wire: a wire of the shown graph.
            block: a block or ``graph:NAME``, or a node of the shown graph that has no wires.
            position: where on the canvas; None for where the node is, or halfway between the ends of the wire.
        """
        if isinstance(block, str):
            id = names.fresh(names.snake(block.removeprefix(SUBGRAPH)), set(self.graph.ids()))
            node = Node(id, block, position=self._halfway(wire))
        else:
            node = block
        at = (position.x(), position.y()) if isinstance(position, QPointF) else position or node.position

        def inserted(design: Design, graph: str) -> Design:
            design = edits.move(edits.insert_on_wire(design, wire, node, graph), {node.id: at}, graph)
            return self.make_room(design, (node.id,), graph)

        done = self.edit(f"Put {node.id} on {wire}", inserted)
        if done:
            self.select((node.id,))
        return done

    def _halfway(self, wire: Wire) -> Point:
        ends = [item.position for id in (wire.source, wire.target) if (item := self.graph.item(id)) is not None]
        return sum(x for x, _ in ends) / 2, sum(y for _, y in ends) / 2

    def with_room(self, before: Design, after: Design) -> Design:
        """The design after an edit, with room for the items that are new in it, one after the other."""
        for name, home in after.all_graphs():
            known = set(before.graph(name).ids()) if not name or name in before.graphs else set(home.ids())
            for id in home.ids():
                if id not in known:
                    after = self.make_room(after, (id,), name)
        return after

    def rename(self, old: str, new: str) -> bool:
        """Give an item of the shown graph another id."""
        chosen = tuple(new if id == old else id for id in self.selection)
        done = self.edit(f"Rename {old} to {new}", edits.rename, old, new)
        if done and old != new:
            self.select(chosen)
        return done

    def delete_selection(self, reconnect: bool = False) -> None:
        """Remove the selected items and wires; `reconnect` joins what they stood between."""
        ids, wires = self.selection, self.wire_selection
        if self.bend is not None:
            self.remove_bend(*self.bend)
            return
        if not ids and not wires:
            return

        def removed(design: Design, graph: str) -> Design:
            return edits.remove(edits.disconnect(design, wires, graph), ids, graph, reconnect=reconnect)

        self.edit(f"Delete {_counted(ids, wires)}", removed)

    def remove_bend(self, wire: Wire, index: int) -> None:
        """Lead a wire no more through one of its bends."""
        led = bends_of(self.graph, wire)
        self.edit(f"Straighten {wire}", set_bends, wire, (*led[:index], *led[index + 1 :]))
        self.select((), (wire,))

    # --- clipboard --------------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Copy the selected items."""
        if self.selection:
            clipboard.put(self.design, self.selection, self.graph_name)

    def cut(self) -> None:
        """Copy the selected items and remove them."""
        if self.selection:
            self.copy()
            self.delete_selection()

    def paste(self, position: Point | QPointF | None = None, keep_inputs: bool = False) -> None:
        """Add what was copied and select it.

        Args:
            position: where its top left item comes; None for where it was, or beside what stands there.
            keep_inputs: also wire it to what fed it.
        """
        held = clipboard.get(keep_inputs=keep_inputs)
        if held is not None and any(held[0].ids()):
            self._paste(*held, position, "Paste")

    def duplicate(self) -> None:
        """Add copies of the selected items, fed by what feeds them."""
        if self.selection:
            self._paste(edits.excerpt(self.design, self.selection, self.graph_name), {}, None, "Duplicate")

    def _paste(self, clip: Graph, graphs: Mapping[str, Graph], position: Point | QPointF | None, label: str) -> None:
        offset = (0.0, 0.0)
        if position is not None:
            items = [item for id in clip.ids() if (item := clip.item(id)) is not None]
            left, top = min(item.position[0] for item in items), min(item.position[1] for item in items)
            x, y = (position.x(), position.y()) if isinstance(position, QPointF) else position
            offset = (x - left, y - top)
        fresh: dict[str, str] = {}

        def pasted(design: Design, graph: str) -> Design:
            for name, part in graphs.items():
                if name not in design.graphs:
                    design = design.with_graph(name, part)
            design, ids = edits.paste(design, clip, offset, graph)
            fresh.update(ids)
            return self.make_room(design, ids.values(), graph)

        if self.edit(f"{label} {_counted(tuple(clip.ids()), ())}", pasted):
            self.select(fresh.values())

    # --- what is shown and selected ---------------------------------------------------------------------------------

    def select(self, ids: Iterable[str], wires: Iterable[Wire] = (), bend: tuple[Wire, int] | None = None) -> None:
        """Select items and wires of the shown graph, and perhaps a bend of a wire; what does not exist is left out."""
        graph = self.graph
        chosen = tuple(dict.fromkeys(id for id in ids if graph.item(id) is not None))
        wanted = tuple(dict.fromkeys(wires))
        known = set(graph.wires) if wanted else set()
        chosen_wires = tuple(wire for wire in wanted if wire in known)
        if (chosen, chosen_wires, bend) != (self.selection, self.wire_selection, self.bend):
            self.selection, self.wire_selection, self.bend = chosen, chosen_wires, bend
            self.selection_changed.emit()

    def enter(self, node_id: str) -> None:
        """Show the inside of a node that uses a sub-graph."""
        node = self.graph.nodes.get(node_id)
        if node is not None and node.subgraph in self.design.graphs:
            self.show_graph((*self.instance_path, node_id))

    def leave(self) -> None:
        """Show the graph around the shown one, with the node that was left selected."""
        if self.instance_path:
            left = self.instance_path[-1]
            self.show_graph(self.instance_path[:-1])
            self.select((left,))

    def show_graph(self, instance_path: Iterable[str]) -> None:
        """Show the graph that a path of node ids leads into; the empty path is the main graph."""
        path = tuple(instance_path)
        try:
            name = visible_graph(self.design, path)
        except KeyError:
            return
        if path != self.instance_path:
            self.instance_path = path
            self.shown_graph_changed.emit(name)
            self.select(())

    # --- inside -----------------------------------------------------------------------------------------------------

    def _replace(self, design: Design) -> None:
        """Begin anew with a design: without history and selection, in the main graph."""
        before, self.design = self.design, design
        self.instance_path, self.selection, self.wire_selection, self.bend = (), (), (), None
        self.undo_stack.clear()
        self._merge_ids.clear()
        self.shown_graph_changed.emit("")  # first, as in `_put`: what is drawn may be a sub-graph of the design before
        self.design_changed.emit(diff(before, design), None)
        self.selection_changed.emit()

    def _put(self, design: Design, initiator: object) -> None:
        change = diff(self.design, design)
        shown = self.graph_name
        self.design = design
        if (now := self._shown()) != shown:
            if not now:
                self.instance_path = ()
            self.shown_graph_changed.emit(now)
        if change.empty:
            return
        self.design_changed.emit(change, initiator)
        if change.graphs:
            self.select(self.selection, self.wire_selection)

    def _shown(self) -> str:
        """The graph that the path leads into now, where a sub-graph may have another name; the main graph if it leads nowhere."""
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
