"""The training panel: settings, start and stop, and the curves as they grow."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

from composer.core import edits, names, training_overrides, training_table, units
from composer.core.errors import UserError
from composer.core.files.run_folder import RunInfo, list_runs, read_run
from composer.core.recipes import presets
from composer.core.setting_text import write_text
from composer.core.training_table import setting
from composer.gui.panels import Panel
from composer.gui.runs.live_run import LiveRun
from composer.gui.runs.planned_rate import planned_rate
from composer.gui.runs.run_library import resume_options, runs_folder, short_name
from composer.gui.runs.run_process import RunHandle
from composer.gui.session import preferences
from composer.gui.session.readiness import Readiness, data_words, needs_facts, readiness
from composer.gui.session.session import Session
from composer.gui.widgets.labels import column, label, refresh_icons
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.reflow import Reflow
from composer.gui.widgets.run_controls import RunControls
from composer.gui.widgets.sample_board import SampleBoard
from composer.gui.widgets.training_form import WIDTH, TrainingForm
from composer.gui.widgets.training_plan import TrainingPlan
from composer.gui.widgets.training_plots import TrainingPlots
from composer.gui.widgets.wrap_button import WrapButton
from composer.gui.workers.outcome import ProcessOutcome
from composer.gui.workers.thread_queue import ThreadQueue

# Events arrive faster than anybody can read: the panel redraws at most this often, and not at all without events.
DRAW_MS = 100
# A narrower panel hides the settings while a run is shown, so that its plots have the width.
WIDE = 1100
# Steps per epoch in a plan for data that has not been read yet; a schedule looks the same with any number.
UNKNOWN_STEPS = 100


class TrainingPanel(Panel):
    """Trains the design in a process of its own and shows its progress.

    Attributes:
        run: the run that is shown; None before the first.
        form: the training settings of the design.
        controls: the buttons, and what the run is doing.
        plan: what a start would train, before the first run.
        reason: why the design cannot be trained now, while a run is shown.
        repair_button: the repair of that reason.
        plots: the curves of the run.
        samples: validation images with prediction and attention, below the plots.
    """

    title = "Training"
    icon = "training"
    area = "bottom"
    order = 60
    shortcut = "Ctrl+Alt+T"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.run: LiveRun | None = None
        self._has_looked_for_interrupted = False
        self._looking = ThreadQueue("interrupted runs", self)
        self._start_due = False  # whether the user has asked for a start that waits for the data
        self._sampled: object = None  # run, epoch and state of the images that are shown
        self._offered_digest = ""  # of the network whose interrupted run is offered for resuming
        self._draw = QTimer(self, singleShot=True, interval=DRAW_MS)
        self._draw.timeout.connect(self._draw_run)
        self.form = TrainingForm()
        self.form.edited.connect(self._on_edited)
        self.form.recipe_chosen.connect(self._on_recipe)
        self.controls = RunControls(self.start, self.pause, self.stop, self.resume)
        self.controls.settings.toggled.connect(self._show_settings)
        self.notice = Notice()
        self.plots, self.samples = TrainingPlots(), SampleBoard()
        self.plots.grid.add_band(self.samples)
        self.plan = TrainingPlan(lambda: session.panel_requested.emit("problems"), self._repair)
        self.reason = label(role="muted", wrap=True)
        self.repair_button = WrapButton("", self._repair, primary=True)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.plan)
        self._pages.addWidget(self.plots)
        self._build()
        session.document.design_changed.connect(lambda *_: self.refresh_soon())
        session.facts_changed.connect(lambda *_: self.refresh_soon())
        session.engine_changed.connect(lambda *_: self.refresh_soon())
        session.file_changed.connect(self.refresh_soon)
        session.theme_changed.connect(self._refresh_theme)
        session.preferences_changed.connect(self.refresh_soon)
        session.data.changed.connect(self.refresh_soon)
        session.run_started.connect(self._adopt)
        session.training_requested.connect(self.start)
        if session.runs:
            self._adopt(session.runs[-1])

    # --- actions of the user -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Train the current design, or continue a paused training."""
        if self.run is not None and self.run.active:
            if self.run.state == "paused":
                self.run.handle.resume()
            return
        if (focused := self.focusWidget()) is not None:
            focused.clearFocus()  # commits what is being typed
        ready = readiness(self.session)
        self._start_due = ready.waits
        if ready.waits:
            self.notice.show_message("The training starts as soon as the data has been read", "info")
            self.refresh_soon()
            return
        if ready.reason:  # which the panel shows, with its repair
            self.refresh_soon()
            return
        self._launch({"device": self.form.choice("device") or "auto"})

    def resume(self, folder: Path | None = None) -> None:
        """Resume a run from its last checkpoint.

        Args:
            folder: the run; the shown one by default.
        """
        folder = folder or (self.run.handle.folder if self.run is not None else None)
        if folder is None or (self.run is not None and self.run.active):
            return
        self._launch(resume_options(read_run(folder), self.form.choice("device") or "auto"))

    def pause(self) -> None:
        """Pause or continue the training."""
        if self.run is not None:
            if self.run.state == "paused":
                self.run.handle.resume()
            else:
                self.run.handle.pause()

    def stop(self) -> None:
        """Save the training and end it."""
        if self.run is not None:
            self.run.handle.stop()

    def _launch(self, options: dict[str, Any]) -> None:
        self.notice.clear()
        self._offered_digest = ""
        if self.width() < WIDE:
            self.controls.settings.setChecked(False)
        try:
            self.session.start_training(options)
        except (OSError, UserError) as error:
            self.notice.show_message(f"The run could not be started: {error}", "error")

    def _train_with(self, settings: Mapping[str, Any]) -> None:
        """Take over the settings that a failed run suggests, as an edit, and train again."""
        document = self.session.document
        training = training_overrides.apply(document.design.training, settings)
        document.apply(edits.set_training(document.design, training), _suggestion_words(settings))
        self.start()

    def _on_edited(self, name: str, value: Any, stepped: bool) -> None:
        if name == "device":
            preferences.set_device(value)
            self.refresh_soon()
            return
        design = self.session.document.design
        new = edits.set_training(design, training_overrides.apply(design.training, {name: value}))
        words = ("on" if value else "off") if isinstance(value, bool) else write_text(value) or "none"
        self.session.document.apply(
            new, f"Set {self.form.title(name).lower()} to {words}", ("training", name) if stepped else None, self
        )

    def _on_recipe(self, name: str) -> None:
        """Put the settings of a preset in place of the design's, as one edit."""
        design, recipe = self.session.document.design, presets()[name]
        try:
            new = edits.set_training(design, recipe.apply(design.training))
        except UserError as error:
            self.notice.show_message(str(error), "warning")
            return
        self.session.document.apply(new, f"Use the recipe {recipe.title}", None, self)

    # --- events of the run ------------------------------------------------------------------------------------------

    def _adopt(self, handle: RunHandle) -> None:
        self.run = LiveRun(handle)
        self.plots.clear()
        handle.received.connect(self._on_event)
        handle.state_changed.connect(lambda *_: self._draw_soon())
        handle.finished.connect(self._on_finished)
        self._show_run()

    def _on_event(self, event: dict[str, Any]) -> None:
        if self.run is not None and self.sender() is self.run.handle:
            before = self.run.obstacle
            self.run.take(event)
            if self.run.obstacle:
                self.notice.show_message(self.run.obstacle, "warning")
            elif before:
                self.notice.clear()
            self._draw_soon()

    def _on_finished(self, outcome: ProcessOutcome) -> None:
        run = self.run
        if run is None or self.sender() is not run.handle:
            return
        run.outcome = outcome
        if run.state == "failed":
            actions: list[tuple[str, Callable[[], object]]] = [("Resume", self.resume)] if run.resumable else []
            if run.suggestion:
                actions.insert(0, (_suggestion_words(run.suggestion), lambda: self._train_with(run.suggestion)))
            self.notice.show_message(run.failure(), "error", details=run.details(), actions=actions)
        self._draw_soon()

    def _draw_soon(self) -> None:
        if not self.isVisible():
            self.refresh_soon()
        elif not self._draw.isActive():
            self._draw.start()

    def _draw_run(self) -> None:
        if self.isVisible():
            self._show_run()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop redrawing until the panel is shown again."""
        super().hideEvent(event)
        if self._draw.isActive():
            self._draw.stop()
            self.refresh_soon()

    # --- drawing ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the design's settings, what a start would train, and the run."""
        session = self.session
        label_of = {device["name"]: device["label"] for device in session.devices}
        fastest = next(iter(label_of.values()), "")
        self.form.set_choices("device", {"auto": f"Automatic: {fastest}" if fastest else "Automatic", **label_of})
        self.form.choose("device", preferences.device())
        self.form.show_settings(session.document.design.training)
        if session.devices and session.document.design.main.nodes and needs_facts(session):
            session.data.update()
        self._show_plan(label_of, fastest)
        if self._start_due and not readiness(session).waits:
            self.notice.clear()
            self.start()
        if self._offered_digest and self._offered_digest != session.digest:
            self._offered_digest = ""
            self.notice.clear()
        if self.run is None and not self._has_looked_for_interrupted:
            self._look_for_interrupted()
        self._show_run()

    def _show_settings(self, on: bool) -> None:
        self._settings.setVisible(on)

    def _show_plan(self, label_of: dict[str, str], fastest: str) -> None:
        """Show what a start would train, or why it cannot."""
        session, ready = self.session, readiness(self.session)
        design = session.document.design
        rate = planned_rate(design.training, self._steps_per_epoch()) if not ready.reason else None
        self.plan.show_plan(design.name, ready.reason or self._plan(label_of, fastest), rate)
        self.plan.problems.setVisible(bool(session.problems))
        self.plan.show_reading(session.data.share if ready.reason else None)

    def _update_start(self) -> None:
        """Enable Start, or show beside it why it is disabled, with the repair if there is one."""
        active = self.run is not None and self.run.active
        ready = Readiness("A training is running; stop it first") if active else readiness(self.session)
        self.reason.setText(ready.reason)
        # The page that is shown before the first run has its own line for the reason.
        self.reason.setVisible(bool(ready.reason) and self.run is not None and not active)
        for repair_button, has_place in ((self.repair_button, self.run is not None), (self.plan.repair, True)):
            repair_button.setText(ready.repair.label if ready.repair is not None else "")
            repair_button.setVisible(ready.repair is not None and has_place)
        start = self.controls.start
        start.setEnabled(not ready.reason)
        key = self.session.keymap.text("train")
        start.setToolTip(ready.reason or "Train the current design" + (f"  ({key})" if key else ""))

    def _show_run(self) -> None:
        run, controls = self.run, self.controls
        active = run is not None and run.active
        self.form.setEnabled(not active)
        self._update_start()
        controls.resume.setVisible(run is not None and run.resumable)
        for widget in (controls.pause, controls.stop, controls.settings, controls.progress):
            widget.setVisible(run is not None)
        controls.stop.setEnabled(active)
        controls.show_texts(self._headline(run) if run is not None else "", run.numbers() if run is not None else "")
        self._pages.setCurrentIndex(0 if run is None else 1)
        if run is None:
            return
        controls.show_paused(run.state == "paused")
        controls.pause.setEnabled(run.state in ("training", "paused"))
        controls.progress.setValue(round(1000 * run.share))
        if self.isVisible():
            self.plots.show_curves(run.curves)
            if self._sampled != (run, run.epoch, run.state):  # the folder changes at the end of an epoch
                self._sampled = (run, run.epoch, run.state)
                self.samples.show_run(run.handle.folder)

    def _headline(self, run: LiveRun) -> str:
        """Return the state of the run, and the name of its network if the canvas shows another one."""
        if run.handle.digest == self.session.digest:
            return run.headline()
        name = short_name(RunInfo(run.handle.folder))
        earlier = "an earlier " if name == names.snake(self.session.document.design.name) else ""
        return f"{run.headline()}  ·  {earlier}{name}"

    def _repair(self) -> None:
        """Apply the repair beside the reason why the design cannot be trained."""
        if (repair := readiness(self.session).repair) is not None:
            self.session.repair(repair, "")

    def _steps_per_epoch(self) -> int:
        """Return the optimizer steps of an epoch; a round number as long as the number of samples is unknown."""
        facts, training = self.session.data.facts, self.session.document.design.training
        if facts is None or "train" not in facts.parts:
            return UNKNOWN_STEPS
        return max(1, facts.parts["train"].count // (training.batch_size * training.accumulate))

    def _plan(self, label_of: dict[str, str], fastest: str) -> str:
        training = self.session.document.design.training
        device = self.form.choice("device")
        where = label_of.get(device, fastest or "the fastest device")
        totals = self.session.facts.totals
        size = f"{units.count(totals.params)} parameters learn from " if totals.params else "Learns from "
        epochs = "1 epoch" if training.epochs == 1 else f"{training.epochs} epochs"
        data = data_words(training.data, self.session.data.facts)
        return f"{size}{data} for {epochs}, {training.batch_size * training.accumulate} samples per step, on {where}"

    def _look_for_interrupted(self) -> None:
        """Look in a thread for runs that a crash or a power failure ended: there may be a thousand folders."""
        if self.session.document.design.main.nodes:
            self._has_looked_for_interrupted = True
            root = runs_folder()
            self._looking.run(lambda: _interrupted(root), self._offer_interrupted)

    def _offer_interrupted(self, infos: list[RunInfo]) -> None:
        """Offer to resume the newest of these runs that trains this network."""
        lost = [info for info in infos if self.session.is_trained_by(info)]
        if lost and self.run is None and not self._start_due:
            self._offered_digest = self.session.digest
            newest = max(lost, key=lambda info: info.created)
            progress = f"after epoch {newest.epoch} of {newest.epochs}"
            text = f"A training of this network was interrupted {progress} ({newest.name})"
            self.notice.show_message(text, "info", actions=[("Resume", lambda: self.resume(newest.path))])

    def _refresh_theme(self) -> None:
        refresh_icons(self)
        self.controls.refresh_theme()
        self.notice.refresh_theme()
        self.plan.refresh_theme()
        self.plots.refresh_theme()

    # --- building ---------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Fix the widths of the buttons, which depend on the style of the window."""
        super().showEvent(event)
        self.controls.fix_widths()

    def _build(self) -> None:
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.form)
        scroll.setMinimumWidth(WIDTH)
        self._settings = scroll
        right = QWidget()
        layout = column(margin=8)
        layout.addWidget(self.controls)
        layout.addWidget(self.reason)
        layout.addWidget(self.repair_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.notice)
        layout.addWidget(self._pages, 1)
        right.setLayout(layout)
        self._split = Reflow()
        self._split.turned.connect(self._on_turned)
        self._split.addWidget(scroll)
        self._split.addWidget(right)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([WIDTH, 4 * WIDTH])
        self.setLayout(column(self._split, margin=0))

    def _on_turned(self, upright: bool) -> None:
        self._settings.setMinimumWidth(0 if upright else WIDTH)


def _interrupted(root: Path) -> list[RunInfo]:
    infos = [read_run(folder) for folder in list_runs(root)]
    return [info for info in infos if info.state == "interrupted" and info.has_weights]


def _suggestion_words(settings: Mapping[str, Any]) -> str:
    """Return what a failed run suggests: ``Train with batch size 128``."""
    rows = [setting(name) for name in training_table.names() if name in settings]
    words = [f"{row.title.lower()} {write_text(settings[row.name])}" for row in rows]
    return f"Train with {' and '.join(words)}"
