"""The session: the only mutable object of the window. It holds the design and changes it at one place, `apply`."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPointF, QTimer, Signal
from PySide6.QtGui import QUndoStack

from composer.core import edits, names
from composer.core.catalog import Catalog, read_catalog
from composer.core.diff import diff
from composer.core.errors import DesignError, UserError
from composer.core.facts import DesignFacts, NodeFacts, Repair
from composer.core.graph import SUBGRAPH, Design, Graph, Input, Node, Output, Point, Wire
from composer.gui import clipboard, settings
from composer.gui.edit_command import Edit
from composer.gui.facts_feed import FactsFeed
from composer.gui.placement import placed
from composer.gui.problem_list import Shown, listed
from composer.gui.recovery import Recovered, RecoveryFile, forget
from composer.gui.repair_offers import RepairOffers, repaired
from composer.gui.run_handle import RunHandle
from composer.gui.use_paths import first_use, lookup, visible_graph
from composer.gui.worker import Failure, Progress, Request, Result, Worker

ENGINE = (sys.executable, "-m", "composer.engine")
UNDO_LIMIT = 1000
# An edit is on disk this long after it was made, plus the writing.
RECOVERY_MS = 1000
PASTE_STEP = 32.0
DEFAULT_IMAGE = (3, 224, 224)


class Session(QObject):
    """Design, undo stack, selection, facts and workers of one window.

    Args:
        engine: command that starts the engine worker; None for a session without one.
        parent: Qt parent.
    """

    design_changed = Signal(object, object)  # Diff, initiator
    facts_changed = Signal(object, int)  # frozenset of paths, and of ids in the shown graph; revision
    selection_changed = Signal()
    shown_graph_changed = Signal(str)
    file_changed = Signal()
    engine_state_changed = Signal(str, str)
    message = Signal(str, str)  # text, "info" | "warning" | "error"
    run_started = Signal(object)
    theme_changed = Signal()
    command_asked = Signal(str, object)  # id of a command that needs the window, its argument
    panel_asked = Signal(str)  # name of a panel that should come to the front
    run_chosen = Signal()  # see `chosen_run`

    def __init__(self, engine: Sequence[str] | None = ENGINE, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.design = Design()
        self.use_path: tuple[str, ...] = ()
        self.selection: tuple[str, ...] = ()
        self.wire_selection: tuple[Wire, ...] = ()
        self.path: Path | None = None
        self.runs: list[RunHandle] = []
        self.devices: list[dict[str, str]] = []
        self.data_sets: list[str] = [self.design.training.data]
        # Folder of an earlier run that the user wants to look into.
        self.chosen_run: Path | None = None
        # Where a new block comes that was not dropped at a place: the canvas says.
        self.centre: Callable[[], Point] = lambda: (0.0, 0.0)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.undo_stack.cleanChanged.connect(self._clean_changed)
        self._catalog: Catalog | None = None
        self._problems: tuple[tuple[Any, ...], list[Shown]] | None = None
        self._merge_ids: dict[object, int] = {}
        self._closed = False
        self._has_engine = engine is not None
        self.engine = Worker(engine or ("",), self, restart=True)
        self.engine.state_changed.connect(self.engine_state_changed)
        self.engine.received.connect(self._on_engine_event)
        self._feed = FactsFeed(self.engine, lambda: self.design, self)
        self._feed.changed.connect(self._on_facts)
        self.offers = RepairOffers(self.engine, lambda: self.design, self)
        self._recovery = RecoveryFile()
        self._autosave = QTimer(self, singleShot=True, interval=RECOVERY_MS)
        self._autosave.timeout.connect(self._write_recovery)

    # --- what can be read -------------------------------------------------------------------------------------------

    @property
    def catalog(self) -> Catalog:
        """The known blocks, read from their sources at first use."""
        if self._catalog is None:
            self._catalog = read_catalog()
        return self._catalog

    @property
    def graph_name(self) -> str:
        """Name of the graph the canvas shows; empty for the main graph."""
        return visible_graph(self.design, self.use_path)

    @property
    def graph(self) -> Graph:
        """The graph the canvas shows."""
        return self.design.graph(self.graph_name)

    @property
    def dirty(self) -> bool:
        """Whether there is work that is not saved."""
        return not self.undo_stack.isClean()

    @property
    def facts(self) -> DesignFacts:
        """The latest facts; while the engine computes, those of an earlier design."""
        return self._feed.facts

    @property
    def facts_current(self) -> bool:
        """Whether the facts are those of the design as it is now."""
        return self._feed.current

    @property
    def facts_error(self) -> str:
        """Why the facts of the whole design could not be computed; empty if they could."""
        return self._feed.error

    @property
    def batch(self) -> int:
        """Batch size that costs are stated for."""
        return self._feed.batch

    @property
    def engine_state(self) -> str:
        """``starting``, ``ready``, ``busy``, ``restarting`` or ``off``."""
        return self.engine.state

    @property
    def problems(self) -> list[Shown]:
        """What is wrong with the design, as far as the engine has said."""
        key = (self.design, self.facts, self._feed.structural)
        if self._problems is None or any(a is not b for a, b in zip(self._problems[0], key, strict=True)):
            self._problems = (key, listed(*key))
        return self._problems[1]

    def facts_for(self, id: str, graph: str | None = None) -> NodeFacts | None:
        """Facts of an item.

        Args:
            id: its id.
            graph: the graph it is in, taken at its first use; None for the use that the canvas shows.
        """
        prefix = self.use_path if graph is None or graph == self.graph_name else first_use(self.design, graph)
        return None if prefix is None else lookup(self.facts.nodes, (*prefix, id))

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
        self, label: str, function: Callable[..., Design], *args: Any, merge_key: object = None, initiator: object = None, **kwargs: Any
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

    def repair(self, repair: Repair, graph: str) -> bool:
        """Carry out a repair that was offered for an item of a graph."""
        return self.edit(repair.label, repaired, repair, graph=graph)

    def undo(self) -> None:
        """Take one step back."""
        self.undo_stack.undo()

    def redo(self) -> None:
        """Take one step forward."""
        self.undo_stack.redo()

    def add_block(self, block_name: str, position: Point | QPointF, initiator: object = None) -> str:
        """Add a node to the shown graph and select it.

        Args:
            block_name: a block, ``graph:NAME``, or ``Input`` or ``Output``.
            position: where on the canvas.
            initiator: see `apply`.

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
        if not self.edit(f"Add {item.id}", edits.add, item, initiator=initiator):
            return ""
        self.select((item.id,))
        return item.id

    def add_at_centre(self, block_name: str) -> str:
        """Add a node in the middle of the view, beside whatever is there; see `add_block`."""
        x, y = self.centre()
        there = {item.position for id in self.graph.ids() if (item := self.graph.item(id)) is not None}
        while (x, y) in there:
            x, y = x + PASTE_STEP, y + PASTE_STEP
        return self.add_block(block_name, (x, y))

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
        if not ids and not wires:
            return

        def removed(design: Design, graph: str) -> Design:
            return edits.remove(edits.disconnect(design, wires, graph), ids, graph, reconnect=reconnect)

        self.edit(f"Delete {_counted(ids, wires)}", removed)

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
            position: where its top left corner comes; None for a little beside where it was.
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
        items = [item for id in clip.ids() if (item := clip.item(id)) is not None]
        left, top = min(item.position[0] for item in items), min(item.position[1] for item in items)
        if position is None:
            offset = (PASTE_STEP, PASTE_STEP)
            there = {item.position for id in self.graph.ids() if (item := self.graph.item(id)) is not None}
            while (left + offset[0], top + offset[1]) in there:
                offset = (offset[0] + PASTE_STEP, offset[1] + PASTE_STEP)
        else:
            x, y = (position.x(), position.y()) if isinstance(position, QPointF) else position
            offset = (x - left, y - top)
        fresh: dict[str, str] = {}

        def pasted(design: Design, graph: str) -> Design:
            for name, part in graphs.items():
                if name not in design.graphs:
                    design = design.with_graph(name, part)
            design, ids = edits.paste(design, clip, offset, graph)
            fresh.update(ids)
            return design

        if self.edit(f"{label} {_counted(tuple(clip.ids()), ())}", pasted):
            self.select(fresh.values())

    # --- what is shown and selected ---------------------------------------------------------------------------------

    def select(self, ids: Iterable[str], wires: Iterable[Wire] = ()) -> None:
        """Select items and wires of the shown graph; what does not exist is left out."""
        graph = self.graph
        chosen = tuple(dict.fromkeys(id for id in ids if graph.item(id) is not None))
        wanted = tuple(dict.fromkeys(wires))
        known = set(graph.wires) if wanted else set()
        chosen_wires = tuple(wire for wire in wanted if wire in known)
        if (chosen, chosen_wires) != (self.selection, self.wire_selection):
            self.selection, self.wire_selection = chosen, chosen_wires
            self.selection_changed.emit()

    def enter(self, node_id: str) -> None:
        """Show the inside of a node that uses a sub-graph."""
        node = self.graph.nodes.get(node_id)
        if node is not None and node.subgraph in self.design.graphs:
            self.show_graph((*self.use_path, node_id))

    def leave(self) -> None:
        """Show the graph around the shown one, with the node that was left selected."""
        if self.use_path:
            left = self.use_path[-1]
            self.show_graph(self.use_path[:-1])
            self.select((left,))

    def show_graph(self, use_path: Iterable[str]) -> None:
        """Show the graph that a path of node ids leads into; the empty path is the main graph."""
        path = tuple(use_path)
        try:
            name = visible_graph(self.design, path)
        except KeyError:
            return
        if path != self.use_path:
            self.use_path = path
            self.shown_graph_changed.emit(name)
            self.select(())

    # --- files ------------------------------------------------------------------------------------------------------

    def new(self) -> None:
        """Begin with an empty design."""
        self._load(Design(), None)

    def open(self, path: Path | str) -> bool:
        """Open a design file.

        Returns:
            Whether it could be read; if not, a message says why and nothing changes.
        """
        from composer.core.design_file import load

        path = Path(path)
        try:
            design = load(path)
        except UserError as error:
            self.message.emit(str(error), "error")
            return False
        self._load(placed(design), path.resolve())
        settings.remember(str(self.path))
        return True

    def open_template(self, path: Path | str) -> bool:
        """Begin with a copy of a template; saving asks for a file."""
        if not self.open(path):
            return False
        self.path = None
        self.file_changed.emit()
        return True

    def show_facts(self, design: Design, facts: DesignFacts) -> None:
        """Show a design whose facts are already known, without an engine: for pictures."""
        self._load(placed(design), None)
        self._feed.show(facts)

    def restore(self, recovered: Recovered) -> None:
        """Go on with work that an earlier window did not save."""
        self._load(recovered.design, recovered.path)
        self.undo_stack.resetClean()
        self._write_recovery()
        self._recovery.wait()  # on disk under the new name before the old one goes
        forget(recovered)

    def save(self) -> bool:
        """Save to the design's file; false if it has none or cannot be written."""
        return self.path is not None and self.save_as(self.path)

    def save_as(self, path: Path | str) -> bool:
        """Save to a file, which becomes the design's file."""
        from composer.core.design_file import save

        path = Path(path).resolve()
        try:
            save(self.design, path)
        except UserError as error:
            self.message.emit(str(error), "error")
            return False
        self.path = path
        self._autosave.stop()
        self._recovery.remove()
        self.undo_stack.setClean()
        settings.remember(str(path))
        self.file_changed.emit()
        self.message.emit(f"Saved {path.name}", "info")
        return True

    def _load(self, design: Design, path: Path | None) -> None:
        self._autosave.stop()
        self._recovery.remove()
        before, self.design, self.path = self.design, design, path
        self.use_path, self.selection, self.wire_selection = (), (), ()
        self.undo_stack.clear()
        self._merge_ids.clear()
        self.design_changed.emit(diff(before, design), None)
        self.shown_graph_changed.emit("")
        self.selection_changed.emit()
        self.file_changed.emit()
        self._feed.refresh()

    # --- workers ----------------------------------------------------------------------------------------------------

    def start_engine(self) -> None:
        """Start the engine worker; editing works before and without it."""
        if self._has_engine and not self._closed:
            self.engine.start()

    def restart_engine(self) -> None:
        """End the engine worker, whatever it does, and start a fresh one."""
        if self._has_engine:
            self.engine.restart()

    def set_batch(self, batch: int) -> None:
        """State costs for another batch size."""
        self._feed.set_batch(max(1, batch))

    def request(
        self,
        method: str,
        params: Mapping[str, Any],
        on_result: Result,
        on_error: Failure | None = None,
        on_progress: Progress | None = None,
    ) -> Request:
        """Ask the engine; see `Worker.request`."""
        return self.engine.request(method, params, on_result, on_error, on_progress)

    def start_training(self, settings: Mapping[str, Any]) -> RunHandle:
        """Train the design as it is now, in a process of its own; see `RunHandle` for the settings."""
        handle = RunHandle(self.design, settings, parent=self)
        self.runs.append(handle)
        self.run_started.emit(handle)
        handle.start()
        return handle

    def choose_run(self, folder: Path, panel: str) -> None:
        """Look at a run, trained now or long ago, in another panel."""
        self.chosen_run = folder.absolute()
        self.panel_asked.emit(panel)
        self.run_chosen.emit()

    def close(self, *, keep_recovery: bool = False) -> None:
        """End the workers.

        Args:
            keep_recovery: leave unsaved work for the next start, because nobody could be asked about it.
        """
        if self._closed:
            return
        self._closed = True
        self._autosave.stop()
        if keep_recovery and self.dirty:
            self._recovery.wait()
            self._recovery.write(self.design, self.path)
        else:
            self._recovery.remove()
        for run in self.runs:
            run.worker.close_input()  # all save at the same time
        for run in self.runs:
            run.close()
        self._feed.changed.disconnect(self._on_facts)
        self.engine.stop()
        self._recovery.close()
        clipboard.release()
        # Python commands that Qt frees while the interpreter shuts down crash the process.
        self.undo_stack.blockSignals(True)
        self.undo_stack.clear()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _put(self, design: Design, initiator: object) -> None:
        change = diff(self.design, design)
        shown = self.graph_name
        self.design = design
        if not self._shows(shown):
            self.use_path = ()
            self.shown_graph_changed.emit("")
        if change.empty:
            return
        self.design_changed.emit(change, initiator)
        if change.graphs:
            self.select(self.selection, self.wire_selection)
        if not self._autosave.isActive():  # not started anew: edits that never pause must not keep it from firing
            self._autosave.start()
        if change.structural:
            self._feed.refresh()

    def _shows(self, name: str) -> bool:
        try:
            return visible_graph(self.design, self.use_path) == name
        except KeyError:
            return False

    def _on_facts(self, touched: frozenset[str], revision: int) -> None:
        depth = len(self.use_path)
        here = {path.rsplit("/", 1)[-1] for path in touched if path.count("/") >= depth and path.startswith("/".join(self.use_path))}
        self.facts_changed.emit(touched | here, revision)

    def _on_engine_event(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "ready":
            self.devices = list(event.get("devices", ()))
            self.data_sets = list(event.get("data", self.data_sets))

    def _clean_changed(self) -> None:
        self.file_changed.emit()

    def _write_recovery(self) -> None:
        if self.dirty and not self._recovery.write(self.design, self.path):
            self._autosave.start()


def _counted(ids: Sequence[str], wires: Sequence[Wire]) -> str:
    if len(ids) == 1:
        return ids[0]
    if ids:
        return f"{len(ids)} items"
    return "wire" if len(wires) == 1 else f"{len(wires)} wires"
