"""The session, the only mutable object of the window: the document with its file, its facts and the workers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from composer.core import edits
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.identify import identify
from composer.core.data_folder import source_of
from composer.core.diff import Diff
from composer.core.errors import UserError
from composer.core.extension_text import absolute_paths
from composer.core.facts import DesignFacts, NodeFacts, Repair
from composer.core.files.network_identity import NetworkIdentity, network_difference
from composer.core.files.replacing import FileStamp
from composer.core.files.run_folder import RunInfo
from composer.core.graph import Design
from composer.core.layout.placement import lay_out_unplaced
from composer.core.node_paths import first_instance, lookup
from composer.gui import settings
from composer.gui.keymap import KeyMap
from composer.gui.look import theme
from composer.gui.runs.run_process import RunHandle
from composer.gui.session import clipboard, preferences
from composer.gui.session.comparison import Comparison
from composer.gui.session.cost_lens import CostLens
from composer.gui.session.custom_blocks import CustomBlocks
from composer.gui.session.data_feed import DataFeed
from composer.gui.session.disk_file import DiskFile
from composer.gui.session.document import Document
from composer.gui.session.facts_feed import FactsFeed
from composer.gui.session.placement import EstimatedPlacement
from composer.gui.session.problems import ListedProblem, list_problems
from composer.gui.session.recovery import Recovered, RecoveryFile, discard
from composer.gui.session.repair_offers import RepairOffers, apply_offer
from composer.gui.workers.jobs import Jobs
from composer.gui.workers.worker import ENGINE, OnError, OnProgress, OnResult, Request, Worker


class Session(QObject):
    """The document of one window, with its file, its facts and the processes that work for it.

    Args:
        engine: the engine worker, or the command that starts one; None for a session without an engine.
        parent: Qt parent.

    Attributes:
        document: the design, its history and the selection.
        keymap: the shortcuts.
        path: the file of the design; None if it has none.
        disk: whether another program or window has changed that file.
        runs: the trainings that this window has started.
        devices: the devices of the engine, each with ``name`` and ``label``; empty until the engine reports them.
        selected_run: folder of the run that another panel should show; None for none.
        selected_sample: the image of a run's data that the attention panel should show, see `show_sample`.
        custom_blocks: the block catalog and the folders of custom blocks.
        engine: the engine worker.
        jobs: long computations in processes of their own.
        data: what the design learns from.
        lens: the cost display.
        offers: the repairs of errors.
        comparison: the comparison with another design.

    Signals:
        message: a text for the user and its level: ``info``, ``warning`` or ``error``.
        facts_changed: paths, and ids in the shown graph, whose facts changed, and the revision of the design.
        file_changed: the design has another file, or the file is saved.
        engine_state_changed: a state of `Worker`, and the reason.
        engine_changed: the engine has become available or unavailable, or its devices are known.
        run_started: the `RunHandle` of a training.
        theme_changed: colours and icons have to be drawn again.
        preferences_changed: one of `preferences` has changed.
        catalog_changed: names of the custom blocks that were added, removed or changed.
        command_requested: id of a command that should run, and its argument.
        panel_requested: name of a panel that should open.
        training_requested: the training panel should start a training.
        run_selected: `selected_run` has changed.
        sample_selected: `selected_sample` has changed.
    """

    message = Signal(str, str)
    facts_changed = Signal(object, int)
    file_changed = Signal()
    engine_state_changed = Signal(str, str)
    engine_changed = Signal()
    run_started = Signal(object)
    theme_changed = Signal()
    preferences_changed = Signal()
    catalog_changed = Signal(object)
    command_requested = Signal(str, object)
    panel_requested = Signal(str)
    training_requested = Signal()
    run_selected = Signal()
    sample_selected = Signal()

    def __init__(self, engine: Worker | Sequence[str] | None = ENGINE, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = Document(self)
        self.keymap = KeyMap(self)
        self.document.message.connect(self.message)
        self.path: Path | None = None
        self.runs: list[RunHandle] = []
        self.devices: list[dict[str, str]] = []
        self.selected_run: Path | None = None
        self.selected_sample: dict[str, Any] = {}
        self.document.undo_stack.cleanChanged.connect(self._clean_changed)
        self.custom_blocks = CustomBlocks(self)
        self.custom_blocks.changed.connect(self._on_custom_blocks)
        self.document.use_placement(EstimatedPlacement(lambda: self.catalog))
        self._problems: tuple[tuple[Any, ...], list[ListedProblem]] | None = None
        self._network: tuple[Design, Catalog, NetworkIdentity] | None = None
        self._closed = False
        self._has_engine = engine is not None
        self._engine_available = False
        self.engine = engine if isinstance(engine, Worker) else Worker(engine or ("",), self, restart=True)
        self.engine.setParent(self)
        self.engine.state_changed.connect(self._on_engine_state)
        self.engine.received.connect(self._on_engine_event)
        self.jobs = Jobs(self.engine.command, self)
        self.data = DataFeed(
            self.engine.command if self._has_engine else None, lambda: self.document.design, lambda: self.folder, self
        )
        self.document.design_changed.connect(lambda *_: self.data.forget())
        self.file_changed.connect(self.data.forget)
        self.lens = CostLens(self)
        self.document.design_changed.connect(self.lens.on_design)
        self._feed = FactsFeed(self.engine, lambda: self.document.design, self)
        self._feed.changed.connect(self._on_facts)
        self.offers = RepairOffers(self.engine, lambda: self.document.design, self)
        self.comparison = Comparison(
            self.engine, lambda: self.document.design, lambda: self.facts, lambda: self.catalog, self
        )
        self.facts_changed.connect(self.comparison.refresh)
        self.disk = DiskFile(self)
        self._recovery = RecoveryFile()
        self._autosave = QTimer(self, singleShot=True, interval=1000 * preferences.recovery_s())
        self.preferences_changed.connect(self._set_autosave_interval)
        self._autosave.timeout.connect(self._write_recovery)
        self.document.design_changed.connect(self._after_change)
        self.document.design_changed.connect(self.comparison.refresh)

    # --- what can be read -------------------------------------------------------------------------------------------

    @property
    def catalog(self) -> Catalog:
        """The block catalog, read from the sources at first use."""
        return self.custom_blocks.catalog

    @property
    def facts(self) -> DesignFacts:
        """The latest facts; while the engine computes, those of an earlier design."""
        return self._feed.facts

    @property
    def facts_current(self) -> bool:
        """Whether the facts are those of the current design."""
        return self._feed.current

    @property
    def facts_error(self) -> str:
        """Why the facts of the whole design could not be computed; empty if they could."""
        return self._feed.error

    @property
    def batch(self) -> int:
        """Batch size of the costs."""
        return self._feed.batch

    @property
    def engine_state(self) -> str:
        """``starting``, ``ready``, ``busy``, ``restarting`` or ``off``."""
        return self.engine.state

    @property
    def problems(self) -> list[ListedProblem]:
        """The problems of the design that the engine has reported so far."""
        key = (self.document.design, self.facts, self._feed.structural)
        if self._problems is None or any(a is not b for a, b in zip(self._problems[0], key, strict=True)):
            self._problems = (key, list_problems(*key))
        return self._problems[1]

    @property
    def network(self) -> NetworkIdentity:
        """Identity of the network, ignoring layout; cached, because panels read it after each change."""
        design, catalog = self.document.design, self.catalog
        if self._network is None or self._network[0] is not design or self._network[1] is not catalog:
            self._network = (design, catalog, identify(design, catalog))
        return self._network[2]

    @property
    def digest(self) -> str:
        """Hash of the design, ignoring layout."""
        return self.network.digest

    @property
    def folder(self) -> Path | None:
        """Folder of the design's file, which paths in the design are relative to; None without a file."""
        return self.path.parent if self.path is not None else None

    @property
    def located_design(self) -> Design:
        """The design with absolute paths, for processes that do not know its folder."""
        design = self.document.design
        return edits.set_training(design, absolute_paths(design.training, self.folder or Path.cwd()))

    def is_trained_by(self, run: RunInfo) -> bool:
        """Return whether a run trains the network of the design, so that its weights belong to it."""
        return not network_difference(run.network, self.network)

    def facts_for(self, id: str, graph: str | None = None) -> NodeFacts | None:
        """Return the facts of an item.

        Args:
            id: its id.
            graph: name of its graph, of which the first instance is taken; None for the instance that the canvas shows.
        """
        document = self.document
        if graph is None or graph == document.graph_name:
            prefix: tuple[str, ...] | None = document.instance_path
        else:
            prefix = first_instance(document.design, graph)
        return None if prefix is None else lookup(self.facts.nodes, (*prefix, id))

    def repair(self, repair: Repair, graph: str) -> bool:
        """Apply a repair that was offered for an item of a graph."""
        document = self.document

        def fix(design: Design) -> Design:
            return document.make_space_for_new(design, apply_offer(design, repair, graph))

        return document.edit_design(repair.label, fix)

    # --- files ------------------------------------------------------------------------------------------------------

    def new(self) -> None:
        """Start with an empty design."""
        self._load(Design(), None)

    def open(self, path: Path | str) -> bool:
        """Open a design file.

        Returns:
            Whether it could be read; if not, a message gives the reason and nothing changes.
        """
        from composer.core.files.design_file import load_stamped

        path = Path(path)
        try:
            design, stamp = load_stamped(path)
        except UserError as error:
            self.message.emit(str(error), "error")
            return False
        self._load(lay_out_unplaced(design, self.catalog), path.resolve(), stamp)
        settings.add_recent_file(str(self.path))
        return True

    def open_template(self, path: Path | str) -> bool:
        """Start with a copy of a template; the first save asks for a file.

        Data that was chosen for a design without a node stays chosen: whoever drops their images first and opens a
        template then wants to train it on them.
        """
        before = self.document.design
        if not self.open(path):
            return False
        self.path = None
        self.disk.watch(None, None)
        self.file_changed.emit()
        if not before.main.nodes and before.training.data != Design().training.data:
            training = replace(self.document.design.training, data=before.training.data)
            self.document.apply(edits.set_training(self.document.design, training), "Keep the data")
        return True

    def reload(self) -> bool:
        """Take over the version of the design on disk, as a step that can be undone.

        Returns:
            Whether it could be read; if not, a message gives the reason and nothing changes.
        """
        from composer.core.files.design_file import load_stamped

        if self.path is None:
            return False
        try:
            design, stamp = load_stamped(self.path)
        except UserError as error:
            self.message.emit(str(error), "error")
            return False
        self.document.apply(lay_out_unplaced(design, self.catalog), f"Reload {self.path.name}")
        self.document.undo_stack.setClean()
        self.disk.watch(self.path, stamp)
        return True

    def keep_mine(self) -> None:
        """Keep the design although its file has changed on disk: it counts as unsaved, and saving replaces the file."""
        self.disk.accept()
        self.document.undo_stack.resetClean()
        self._autosave.start()

    def show_facts(self, design: Design, facts: DesignFacts) -> None:
        """Show a design with facts from elsewhere, without an engine: for drawings."""
        self._load(lay_out_unplaced(design, self.catalog), None)
        self._feed.show(facts)

    def restore(self, recovered: Recovered) -> None:
        """Restore work that an earlier window could not save."""
        self._load(recovered.design, recovered.path, recovered.stamp)
        self.document.undo_stack.resetClean()
        self.disk.check()  # the file may have changed since the work was backed up
        self._write_recovery()
        self._recovery.wait()  # it must be on disk under the new name before the old file is deleted
        discard(recovered)

    def save(self, *, replace_foreign: bool = False) -> bool:
        """Save to the file of the design.

        Args:
            replace_foreign: whether to replace a version that another program or window has written meanwhile.

        Returns:
            Whether it was saved; false without a file, if the file cannot be written, and if that would lose a version
            that this window has never read.
        """
        if self.path is None:
            return False
        if not replace_foreign and (problem := self.disk.problem()):
            self.message.emit(f"{self.path.name} {problem}; reload it, or save under another name", "error")
            return False
        return self.save_as(self.path)

    def save_as(self, path: Path | str) -> bool:
        """Save to a file, which becomes the file of the design.

        Returns:
            Whether it was saved; if not, a message gives the reason.
        """
        from composer.core.files.design_file import save

        path = Path(path).resolve()
        try:
            save(self.document.design, path)
        except UserError as error:
            self.message.emit(str(error), "error")
            return False
        self.path = path
        self.disk.watch(path, FileStamp.of(path))
        self._autosave.stop()
        self._recovery.remove()
        self.document.undo_stack.setClean()
        settings.add_recent_file(str(path))
        self.file_changed.emit()
        self.message.emit(f"Saved {path.name}", "info")
        return True

    def _load(self, design: Design, path: Path | None, stamp: FileStamp | None = None) -> None:
        self._autosave.stop()
        self._recovery.remove()
        self.comparison.stop()
        self.path = path
        self.disk.watch(path, stamp)
        self.document.reset(design)
        self.file_changed.emit()

    # --- workers ----------------------------------------------------------------------------------------------------

    def start_engine(self) -> None:
        """Start the engine; editing works without it."""
        if self._has_engine and not self._closed:
            self.engine.start()

    def restart_engine(self) -> None:
        """End the engine, even while it computes, and start a new one."""
        if self._has_engine:
            self.engine.restart()

    def set_batch(self, batch: int) -> None:
        """Compute the costs for another batch size."""
        self._feed.set_batch(max(1, batch))

    def request(
        self,
        method: str,
        params: Mapping[str, Any],
        on_result: OnResult,
        on_error: OnError | None = None,
        on_progress: OnProgress | None = None,
    ) -> Request:
        """Send a request to the engine; see `Worker.request`."""
        return self.engine.request(method, params, on_result, on_error, on_progress)

    def start_training(self, options: Mapping[str, Any]) -> RunHandle:
        """Train the current design in a process of its own; see `RunHandle` for the options."""
        handle = RunHandle(self.located_design, options, parent=self)
        self.runs.append(handle)
        self.run_started.emit(handle)
        handle.start()
        return handle

    def use_data(self, path: Path) -> None:
        """Let the design learn from a folder of images, or a file of samples; this can be undone."""
        design = self.document.design
        training = replace(design.training, data=source_of(path, self.folder))
        self.document.apply(edits.set_training(design, training), f"Train on {path.name}")

    def show_run(self, folder: Path, panel: str) -> None:
        """Show a run in another panel.

        Args:
            folder: folder of the run, which may be from an earlier session.
            panel: name of the panel.
        """
        self.selected_run = folder.absolute()
        self.panel_requested.emit(panel)
        self.run_selected.emit()

    def show_sample(self, folder: Path, part: str, index: int, name: str) -> None:
        """Show what the network of a run attends to in a sample of its data.

        Args:
            folder: folder of the run.
            part: ``train``, ``val`` or ``test``.
            index: number of the sample in it.
            name: name of the sample, for people.
        """
        self.selected_run = folder.absolute()
        self.selected_sample = {"sample": index, "part": part, "name": name}
        self.panel_requested.emit("attention")
        self.sample_selected.emit()

    def set_theme(self, mode: str) -> None:
        """Apply a theme to the application and remember it.

        Args:
            mode: one of `theme.MODES`.
        """
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, mode)
            self.theme_changed.emit()

    def close(self, *, keep_recovery: bool = False) -> None:
        """End the workers.

        Args:
            keep_recovery: whether to leave unsaved work for the next start, because the user could not be asked.
        """
        if self._closed:
            return
        self._closed = True
        self._autosave.stop()
        if keep_recovery and self.document.dirty:
            self._recovery.wait()
            self._recovery.write(self.document.design, self.path, self.disk.stamp)
        else:
            self._recovery.remove()
        for run in self.runs:
            run.worker.close_input()  # so that all save at the same time
        for run in self.runs:
            run.close()
        self._feed.changed.disconnect(self._on_facts)
        self.engine.stop()
        self.jobs.close()
        self.data.close()
        self.disk.close()
        self.custom_blocks.close()
        self._recovery.close()
        clipboard.release()
        # Python commands that Qt frees while the interpreter shuts down crash the process.
        self.document.undo_stack.blockSignals(True)
        self.document.undo_stack.clear()

    def _after_change(self, change: Diff, _initiator: object) -> None:
        if not self._autosave.isActive():  # edits without a pause must not delay it for ever
            self._autosave.start()
        if change.structural:
            self._feed.refresh()

    def _on_facts(self, touched: frozenset[str], revision: int) -> None:
        depth = len(self.document.instance_path)
        shown = {
            path.rsplit("/", 1)[-1]
            for path in touched
            if path.count("/") >= depth and path.startswith("/".join(self.document.instance_path))
        }
        self.facts_changed.emit(touched | shown, revision)

    def _on_engine_state(self, state: str, detail: str) -> None:
        self.engine_state_changed.emit(state, detail)
        available = state in ("ready", "busy")
        if not available or available != self._engine_available:
            self._engine_available = available
            self.engine_changed.emit()

    def _on_engine_event(self, event: Mapping[str, Any]) -> None:
        if "devices" in event:  # sent once torch is imported, after the first facts
            self.devices = list(event["devices"])
            self.engine_state_changed.emit(self.engine_state, "")
            self.engine_changed.emit()

    def _on_custom_blocks(self, names: frozenset[str]) -> None:
        self.catalog_changed.emit(names)
        if self.engine.running:
            self.engine.request("reload_blocks", {}, lambda _: None)
        self.jobs.renew()
        self._feed.refresh()

    def _clean_changed(self) -> None:
        self.file_changed.emit()

    def _set_autosave_interval(self) -> None:
        interval, due = 1000 * preferences.recovery_s(), self._autosave.isActive()
        if interval != self._autosave.interval():
            self._autosave.setInterval(interval)
            if due:  # the new interval starts a running timer again, which would delay the backup
                self._autosave.stop()
                self._write_recovery()

    def _write_recovery(self) -> None:
        if self.document.dirty and not self._recovery.write(self.document.design, self.path, self.disk.stamp):
            self._autosave.start()
