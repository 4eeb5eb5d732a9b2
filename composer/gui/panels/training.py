"""The training panel: settings, start and stop, and the curves as they grow."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QProgressBar, QPushButton, QScrollArea, QSizePolicy, QStackedWidget, QWidget

from composer.core import edits, names, training_settings, units
from composer.core.errors import UserError
from composer.core.files.run_folder import RunInfo, list_runs, read_run
from composer.core.training_check import Obstacle, training_obstacle
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.runs.live_run import LiveRun
from composer.gui.runs.run_library import resume_options, runs_folder, short_name
from composer.gui.runs.run_process import RunHandle
from composer.gui.session import preferences
from composer.gui.session.session import Session
from composer.gui.widgets.labels import button, column, label, refresh_icons, row
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.reflow import Reflow
from composer.gui.widgets.training_form import WIDTH, TrainingForm
from composer.gui.widgets.training_plots import TrainingPlots
from composer.gui.workers.outcome import ProcessOutcome

# Events arrive faster than anybody can read: the panel redraws at most this often, and not at all without events.
DRAW_MS = 100


class TrainingPanel(Panel):
    """Trains the design in a process of its own and shows its progress.

    Attributes:
        run: the run that is shown; None before the first.
        form: the training settings of the design.
        reason: why the design cannot be trained now, while a run is shown.
        repair_button: the repair of that reason.
        plots: the curves of the run.
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
        self._offered_digest = ""  # of the network whose interrupted run is offered for resuming
        self._draw = QTimer(self, singleShot=True, interval=DRAW_MS)
        self._draw.timeout.connect(self._draw_run)
        self.form = TrainingForm()
        self.form.edited.connect(self._on_edited)
        self.start_button = self._button("Start training", "play", self.start)
        self.start_button.setProperty("primary", "true")
        self.resume_button = self._button("Resume", "play", self.resume)
        self.pause_button = self._button("Pause", "pause", self.pause)
        self.stop_button = self._button("Stop", "stop", self.stop)
        self.headline, self.numbers = label(), label(role="small")
        self.headline.setFont(theme.font(bold=True))
        self.progress = QProgressBar(textVisible=False)
        self.progress.setRange(0, 1000)
        self.notice = Notice()
        self.plots = TrainingPlots()
        self.design_name, self.plan = label(role="title", wrap=True), label(role="muted", wrap=True)
        self.problems_link = button("Show the problems", lambda: session.panel_requested.emit("problems"), "link")
        self.reason = label(role="muted", wrap=True)
        self.repair_button = button("", self._repair, "link")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty_state())
        self._pages.addWidget(self.plots)
        self._build()
        session.document.design_changed.connect(lambda *_: self.refresh_soon())
        session.facts_changed.connect(lambda *_: self.refresh_soon())
        session.engine_changed.connect(lambda *_: self.refresh_soon())
        session.file_changed.connect(self.refresh_soon)
        session.theme_changed.connect(self._refresh_theme)
        session.preferences_changed.connect(self.refresh_soon)
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
        if reason := self._reason():
            self.notice.show_message(reason, "warning")
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
        try:
            self.session.start_training(options)
        except (OSError, UserError) as error:
            self.notice.show_message(f"The run could not be started: {error}", "error")

    def _on_edited(self, name: str, value: Any, stepped: bool) -> None:
        if name == "device":
            preferences.set_device(value)
            self.refresh_soon()
            return
        design = self.session.document.design
        new = edits.set_training(design, training_settings.set_value(design.training, name, value))
        words = ("on" if value else "off") if isinstance(value, bool) else value
        self.session.document.apply(
            new, f"Set {self.form.title(name).lower()} to {words}", ("training", name) if stepped else None, self
        )

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
            self.run.take(event)
            self._draw_soon()

    def _on_finished(self, outcome: ProcessOutcome) -> None:
        run = self.run
        if run is None or self.sender() is not run.handle:
            return
        run.outcome = outcome
        if run.state == "failed":
            actions = [("Resume", self.resume)] if run.resumable else []
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
        reason = self._reason()
        self.design_name.setText(session.document.design.name)
        self.plan.setText(reason or self._plan(label_of, fastest))
        self.problems_link.setVisible(bool(session.problems))
        if self._offered_digest and self._offered_digest != session.digest:
            self._offered_digest = ""
            self.notice.clear()
        if self.run is None and not self._has_looked_for_interrupted:
            self._offer_interrupted()
        self._show_run()

    def _update_start(self) -> None:
        """Enable Start, or show beside it why it is disabled, with the repair if there is one."""
        active = self.run is not None and self.run.active
        reason = "A training is running; stop it first" if active else self._reason()
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason) and self.run is not None and not active)  # the empty page shows it, too
        obstacle = self._obstacle() if reason and not active and not self.session.problems else None
        repair = obstacle.repair if obstacle is not None else None
        self.repair_button.setText(repair.label if repair is not None else "")
        self.repair_button.setVisible(repair is not None)
        self.start_button.setEnabled(not reason)
        key = self.session.keymap.text("train")
        self.start_button.setToolTip(reason or "Train the current design" + (f"  ({key})" if key else ""))

    def _show_run(self) -> None:
        run = self.run
        active = run is not None and run.active
        self.form.setEnabled(not active)
        self._update_start()
        self.resume_button.setVisible(run is not None and run.resumable)
        self.pause_button.setVisible(run is not None)
        self.stop_button.setVisible(run is not None)
        self.stop_button.setEnabled(active)
        self.progress.setVisible(run is not None)
        self.headline.setText(self._headline(run) if run is not None else "")
        self.headline.setToolTip(self.headline.text())  # a narrow panel cuts the text off
        self.numbers.setVisible(run is not None)
        self.numbers.setText(run.numbers() if run is not None else "")
        self._pages.setCurrentIndex(0 if run is None else 1)
        if run is None:
            return
        paused = run.state == "paused"
        self.pause_button.setText("Continue" if paused else "Pause")
        self.pause_button.setProperty("icon_name", "play" if paused else "pause")
        self.pause_button.setIcon(theme.icon("play" if paused else "pause"))
        self.pause_button.setEnabled(run.state in ("training", "paused"))
        self.progress.setValue(round(1000 * run.share))
        if self.isVisible():
            self.plots.show_curves(run.curves)

    def _headline(self, run: LiveRun) -> str:
        """Return the state of the run, and the name of its network if the canvas shows another one."""
        if run.handle.digest == self.session.digest:
            return run.headline()
        name = short_name(RunInfo(run.handle.folder))
        earlier = "an earlier " if name == names.snake(self.session.document.design.name) else ""
        return f"{run.headline()}  ·  {earlier}{name}"

    def _reason(self) -> str:
        """Return why the design cannot be trained now; empty if it can."""
        main = self.session.document.design.main
        if not main.nodes:
            return "Draw a network first: an image input, blocks, and an output with one score per class"
        errors = [problem for problem in self.session.problems if problem.level == "error"]
        if errors:
            return (
                f"{len(errors)} problems have to be solved first"
                if len(errors) > 1
                else "1 problem has to be solved first"
            )
        obstacle = self._obstacle()
        return f"{obstacle.message[:1].upper()}{obstacle.message[1:]}" if obstacle is not None else ""

    def _obstacle(self) -> Obstacle | None:
        """Return what training would refuse, as far as it is known before a process starts."""
        session = self.session
        facts = session.facts if session.facts_current else None
        return training_obstacle(session.document.design, facts, session.catalog)

    def _repair(self) -> None:
        """Apply the repair beside the reason why the design cannot be trained."""
        obstacle = self._obstacle()
        if obstacle is not None and obstacle.repair is not None:
            self.session.repair(obstacle.repair, "")

    def _plan(self, label_of: dict[str, str], fastest: str) -> str:
        training = self.session.document.design.training
        device = self.form.choice("device")
        where = label_of.get(device, fastest or "the fastest device")
        totals = self.session.facts.totals
        size = f"{units.count(totals.params)} parameters learn from " if totals.params else "Learns from "
        epochs = "1 epoch" if training.epochs == 1 else f"{training.epochs} epochs"
        return f"{size}{training.data} for {epochs}, {training.batch_size} samples per step, on {where}"

    def _offer_interrupted(self) -> None:
        """Offer to resume a run of this network that a crash or a power failure ended."""
        if not self.session.document.design.main.nodes:
            return
        self._has_looked_for_interrupted = True
        infos = [read_run(folder) for folder in list_runs(runs_folder())]
        lost: list[RunInfo] = [
            info
            for info in infos
            if info.state == "interrupted" and info.has_weights and self.session.is_trained_by(info)
        ]
        if lost:
            self._offered_digest = self.session.digest
            newest = max(lost, key=lambda info: info.created)
            progress = f"after epoch {newest.epoch} of {newest.epochs}"
            text = f"A training of this network was interrupted {progress} ({newest.name})"
            self.notice.show_message(text, "info", actions=[("Resume", lambda: self.resume(newest.path))])

    def _refresh_theme(self) -> None:
        refresh_icons(self)
        for push_button in (self.start_button, self.resume_button, self.pause_button, self.stop_button):
            ink = "on_accent" if push_button is self.start_button else "text"
            push_button.setIcon(theme.icon(push_button.property("icon_name"), ink))
        self._fix_button_widths()
        self.notice.refresh_theme()
        self.plots.refresh_theme()

    # --- building ---------------------------------------------------------------------------------------------------

    def _button(self, text: str, icon: str, clicked: Any) -> QPushButton:
        push_button = button(text, clicked)
        push_button.setProperty("icon_name", icon)
        push_button.setIcon(theme.icon(icon, "on_accent" if text.startswith("Start") else "text"))
        return push_button

    def showEvent(self, event: QShowEvent) -> None:
        """Fix the widths of the buttons, which depend on the style of the window."""
        super().showEvent(event)
        self._fix_button_widths()

    def _fix_button_widths(self) -> None:
        """Keep the buttons where they are while a run starts, pauses and ends: a click aimed at Stop must hit Stop."""
        for push_button in (self.start_button, self.resume_button, self.stop_button):
            push_button.setFixedWidth(push_button.sizeHint().width())
        shown = self.pause_button.text()
        widths = []
        for text in ("Pause", "Continue"):
            self.pause_button.setText(text)
            widths.append(self.pause_button.sizeHint().width())
        self.pause_button.setText(shown)
        self.pause_button.setFixedWidth(max(widths))

    def _empty_state(self) -> QWidget:
        page = QWidget()
        layout = column(margin=theme.PADDING)
        layout.addStretch(1)
        for widget in (self.design_name, self.plan):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(widget)
        layout.addWidget(self.problems_link, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
        page.setLayout(layout)
        return page

    def _build(self) -> None:
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.form)
        scroll.setMinimumWidth(WIDTH)
        self._settings = scroll
        controls = row(self.start_button, self.pause_button, self.stop_button, self.resume_button)
        # A narrow panel cuts the headline off and leaves the buttons their space.
        self.headline.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        controls.addWidget(self.headline, 1)
        measures = row(self.progress, self.numbers, spacing=12)
        self.progress.setMinimumWidth(48)
        right = QWidget()
        layout = column(margin=8)
        layout.addLayout(controls)
        layout.addWidget(self.reason)
        layout.addWidget(self.repair_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(measures)
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
        self.plots.set_stacked(upright)
