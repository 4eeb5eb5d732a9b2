"""The runs panel: all trainings, current and earlier, with overlaid curves."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QStackedWidget, QWidget

from composer.core import units
from composer.core.errors import UserError
from composer.core.files.run_folder import DESIGN, RunInfo, list_runs
from composer.core.files.run_owner import living_owner
from composer.gui.dialogs.train_longer import TrainLonger
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.runs import run_library
from composer.gui.runs.overlaid_runs import HUES, OverlaidRuns
from composer.gui.runs.run_process import RunHandle
from composer.gui.runs.trash import Trashed, delete, trash
from composer.gui.session.session import Session
from composer.gui.widgets.focus_keys import FocusKeys
from composer.gui.widgets.labels import button, column, label, refresh_icons, row, tool_button
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.question import ask
from composer.gui.widgets.reflow import Reflow
from composer.gui.widgets.run_table import Row, RunModel, RunTable
from composer.gui.widgets.training_plots import TrainingPlots

COLUMNS = ("Run", "State", "Best", "Epochs", "Network", "Started")
INKS = {
    "training": "accent",
    "paused": "warning",
    "saving": "accent",
    "done": "success",
    "failed": "error",
    "interrupted": "warning",
}
# While the panel is shown, runs that train elsewhere, or in another window, are read this often.
POLL_MS = 1000


class RunsPanel(Panel):
    """Lists runs, compares their curves, resumes, inspects and deletes them.

    Attributes:
        infos: the listed runs by folder.
        trashed: the runs that were deleted last, for undo.
        overlay: the curves of the selected runs.
    """

    title = "Runs"
    icon = "runs"
    area = "bottom"
    order = 80
    shortcut = "Ctrl+Alt+R"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.infos: dict[Path, RunInfo] = {}
        self.trashed: list[Trashed] = []
        self.overlay = OverlaidRuns(self)
        self.overlay.changed.connect(self._draw_curves)
        self.model = RunModel(COLUMNS, state_column=1, right=(2, 3))
        self.table = RunTable(self.model, newest=5)
        self.plots, self.notice = TrainingPlots(), Notice()
        self.hint_title, self.hint = label(role="title", wrap=True), label(role="muted", wrap=True)
        self.resume_button = self._button("Resume", "play", self.resume)
        self.longer_button = tool_button("add", "Train longer…", self.train_longer)
        self.inspect_button = self._button("Look inside", "attention", self.inspect)
        self.delete_button = tool_button("delete", "Move to the trash…", self.ask_delete)
        self.open_button = tool_button("open", "Open a run, or a folder of runs, from elsewhere", self.open_folder)
        self._compare_soon = QTimer(self, singleShot=True, interval=0)
        self._compare_soon.timeout.connect(self._compare)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._on_poll)
        self._build()
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._on_selection())
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.table.doubleClicked.connect(lambda _: self.inspect())
        FocusKeys(self.table, {"Delete": self.ask_delete})
        session.document.design_changed.connect(lambda *_: self._compare_soon.start() if self.isVisible() else None)
        session.run_started.connect(self._on_run_started)
        session.theme_changed.connect(self._refresh_theme)
        for run in session.runs:
            run.state_changed.connect(lambda *_: self.refresh_soon())

    # --- actions of the user -----------------------------------------------------------------------------------------

    @property
    def selected(self) -> list[RunInfo]:
        """The selected runs."""
        return [self.infos[path] for path in self.table.selected() if path in self.infos]

    def resume(self) -> None:
        """Resume the selected run, in the training panel."""
        selected = self.selected
        if len(selected) != 1 or not selected[0].resumable or self._training():
            return
        self._resume(selected[0], {})

    def _resume(self, info: RunInfo, options: Mapping[str, Any]) -> None:
        self.session.panel_requested.emit("training")
        try:
            self.session.start_training({**run_library.resume_options(info), **options})
        except (OSError, UserError) as error:
            self.notice.show_message(f"The run could not be resumed: {error}", "error")

    def train_longer(self) -> None:
        """Ask how many epochs the selected run shall have, and how its learning rate continues; then resume it."""
        if self._extensible() is not None:
            info = self.selected[0]
            TrainLonger(info, lambda options: self._resume(info, options), self).open()

    def _extensible(self) -> RunInfo | None:
        """Return the selected run if it can be made longer now."""
        selected = self.selected
        one = selected[0] if len(selected) == 1 else None
        if one is None or one.active or not one.has_weights or self._training():
            return None
        return one

    def inspect(self) -> None:
        """Show the attention of the selected run."""
        selected = self.selected
        if len(selected) == 1 and selected[0].has_weights:
            self.session.show_run(selected[0].path, "attention")

    def open_folder(self) -> None:
        """Let the user select a folder with runs."""
        folder = QFileDialog.getExistingDirectory(self, "Open a run, or a folder of runs")
        if folder:
            self.add_folder(Path(folder))

    def add_folder(self, folder: Path) -> None:
        """Add the runs of a folder to the list."""
        folders = list_runs(folder)
        if not folders:
            self.notice.show_message(
                f"{folder} contains no run: expected settings.json and {DESIGN} in it, or in its sub-folders", "warning"
            )
            return
        run_library.open_folder(folder)
        self.refresh()
        self.table.select(folders)

    def ask_delete(self) -> None:
        """Ask whether the selected runs should go to the trash; those that train are not deleted."""
        deletable = [info for info in self.selected if _is_free(info)]
        if not deletable:
            return
        epochs = sum(info.epoch for info in deletable)
        trained = "1 trained epoch" if epochs == 1 else f"{epochs} trained epochs"
        if len(deletable) == 1:
            text = f"Move the run “{deletable[0].path.name}” to the trash?"
            contents = f"its weights and curves ({trained})"
        else:
            text = f"Move {len(deletable)} runs to the trash?"
            contents = f"their weights and curves ({trained} in all)"
        move = partial(self.delete, [info.path for info in deletable])
        ask(self, "Delete runs", text, f"This removes {contents} from the list.", {"Move to the trash": move})

    def delete(self, folders: Sequence[Path]) -> None:
        """Move runs to the trash, with an offer to undo; a run that has started to train meanwhile stays."""
        deletable = [info for path in folders if (info := self.infos.get(path)) is not None and _is_free(info)]
        self.overlay.show_runs([])
        self.trashed = [item for info in deletable if (item := trash(info.path)) is not None]
        stuck = [info.path for info in deletable if info.path.exists()]
        self.refresh()
        self._on_selection()  # what could not be moved is still selected
        if stuck:
            what = f"“{stuck[0].name}”" if len(stuck) == 1 else f"{len(stuck)} runs"
            actions = [("Delete permanently", lambda: self._delete_permanently(stuck))]
            self.notice.show_message(f"{what} cannot be moved to the trash on this disk", "warning", actions=actions)
        elif self.trashed:
            count = len(self.trashed)
            what = f"“{self.trashed[0].folder.name}”" if count == 1 else f"{count} runs"
            self.notice.show_message(f"Moved {what} to the trash", "info", actions=[("Undo", self.undo_delete)])

    def undo_delete(self) -> None:
        """Restore the runs that were deleted last."""
        failed = [item for item in self.trashed if not item.restore()]
        restored = [item.folder for item in self.trashed if item not in failed]
        self.trashed = []
        self.refresh()
        self.table.select(restored)
        if failed:
            self.notice.show_message(
                f"{failed[0].folder.name} could not be restored; it is still in the trash", "error"
            )

    def _delete_permanently(self, folders: list[Path]) -> None:
        failed = [folder for folder in folders if not delete(folder)]
        self.refresh()
        if failed:
            self.notice.show_message(f"{failed[0]} could not be deleted", "error")

    # --- drawing ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the list of runs again."""
        selected = self.table.selected()
        infos = run_library.known_runs(run.folder for run in self.session.runs)
        self.infos = {info.path: info for info in infos}
        self._compare()
        if self.table.selected() != selected:
            self.table.select(selected)
        active = any(info.active for info in infos)
        if active and self.isVisible():
            self._poll.start()
        else:
            self._poll.stop()
        self.overlay.read()
        self._update_buttons()
        self._draw_curves()

    def _compare(self) -> None:
        """Mark the runs of the current network. This runs after each edit, so it reads no file."""
        same = self.session.is_trained_by
        self.model.set_rows([_row(info, same=same(info)) for info in self.infos.values()])

    def _on_run_started(self, run: RunHandle) -> None:
        run.state_changed.connect(lambda *_: self.refresh_soon())
        self.refresh_soon()

    def _on_poll(self) -> None:
        self.refresh()

    def _on_selection(self) -> None:
        self.overlay.show_runs(self.table.selected())
        self.model.set_colors(self.overlay.colors())
        self._update_buttons()

    def _update_buttons(self) -> None:
        selected = self.selected
        one = selected[0] if len(selected) == 1 else None
        training = self._training()
        self.resume_button.setEnabled(one is not None and one.resumable and not training)
        self.resume_button.setToolTip(
            "Another training is running; stop it first" if training else "Continue from the last checkpoint"
        )
        self.longer_button.setEnabled(self._extensible() is not None)
        self.inspect_button.setEnabled(one is not None and one.has_weights)
        self.inspect_button.setToolTip("Show what this run's network attends to in an image")
        self.delete_button.setEnabled(any(not info.active for info in selected))

    def _draw_curves(self) -> None:
        colors, drawn = self.overlay.colors(), {str(folder) for folder, _ in self.overlay}
        for key in self.plots.drawn():
            if key not in drawn:
                self.plots.remove(key)
        several = len(drawn) > 1
        if not self.isVisible():
            return
        for folder, curves in self.overlay:
            info = self.infos.get(folder)
            name = (run_library.name_and_time(info) if info is not None else folder.name) if several else ""
            self.plots.show_curves(curves, str(folder), colors[folder], name)
        if drawn:
            self._pages.setCurrentWidget(self.plots)
            return
        if self.infos:
            self.hint_title.setText("Select runs")
            self.hint.setText(f"Their curves are overlaid; Ctrl or Shift adds to the selection, up to {len(HUES)} runs")
        else:
            self.hint_title.setText("No runs yet")
            self.hint.setText(
                "Every training you start is listed here, with its curves, its weights and the network it trained"
            )
        self._pages.setCurrentIndex(0)

    def _training(self) -> bool:
        return any(run.active for run in self.session.runs)

    def _show_menu(self, at: QPoint) -> None:
        selected = self.selected
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for push_button in (self.resume_button, self.inspect_button):
            action = menu.addAction(push_button.icon(), push_button.text(), push_button.click)
            action.setEnabled(push_button.isEnabled())
        menu.addAction(self.longer_button.icon(), "Train longer…", self.train_longer).setEnabled(
            self.longer_button.isEnabled()
        )
        if len(selected) == 1:
            path = selected[0].path
            copy = path / DESIGN
            menu.addAction(
                theme.icon("enter"),
                "Open a copy of its design",
                lambda: self.session.command_requested.emit("open_template", copy),
            )
            menu.addAction(
                theme.icon("open"), "Show its files", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
            )
        for folder in run_library.opened_folders():
            if selected and selected[0].path in (folder, *list_runs(folder)):
                menu.addAction(
                    theme.icon("close"), f"Close folder {folder.name}", lambda folder=folder: self._close_folder(folder)
                )
        menu.addSeparator()
        menu.addAction(self.delete_button.icon(), "Move to the trash…", self.ask_delete).setEnabled(
            self.delete_button.isEnabled()
        )
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _close_folder(self, folder: Path) -> None:
        run_library.forget_folder(folder)
        self.refresh()

    def _refresh_theme(self) -> None:
        refresh_icons(self)
        for push_button in (self.resume_button, self.inspect_button):
            push_button.setIcon(theme.icon(push_button.property("icon_name")))
        self.notice.refresh_theme()
        self.model.set_colors(self.overlay.colors())
        self.plots.refresh_theme()
        self._draw_curves()

    # --- building ---------------------------------------------------------------------------------------------------

    def _button(self, text: str, icon: str, clicked: Callable[[], object]) -> QPushButton:
        push_button = button(text, clicked)
        push_button.setProperty("icon_name", icon)
        push_button.setIcon(theme.icon(icon))
        return push_button

    def _build(self) -> None:
        empty = QWidget()
        layout = column()
        layout.addStretch(1)
        for widget in (self.hint_title, self.hint):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(widget)
        layout.addStretch(2)
        empty.setLayout(layout)
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._pages.addWidget(self.plots)
        actions = row(self.resume_button, self.longer_button, self.inspect_button, self.delete_button)
        actions.addStretch(1)
        actions.addWidget(self.open_button)
        left, right = QWidget(), QWidget()
        layout = column(margin=8)
        layout.addLayout(actions)
        layout.addWidget(self.notice)
        layout.addWidget(self.table, 1)
        left.setLayout(layout)
        left.setMinimumWidth(280)
        right.setLayout(column(self._pages, margin=8))
        self._split = Reflow()
        self._split.addWidget(left)
        self._split.addWidget(right)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([480, 480])
        self.setLayout(column(self._split, margin=0))

    def showEvent(self, event: QShowEvent) -> None:
        """Read the runs again: others may have been added meanwhile."""
        super().showEvent(event)
        self.refresh_soon()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop reading while the panel is hidden."""
        super().hideEvent(event)
        self._poll.stop()
        self.overlay.stop()


def _is_free(info: RunInfo) -> bool:
    """Return whether no process trains a run or is about to: a state file tells only what was written before."""
    return not info.active and living_owner(info.path) is None


def _row(info: RunInfo, *, same: bool) -> Row:
    templates = {"data": "{}", "batch_size": "batch {}", "optimizer": "{}", "lr": "learning rate {}"}
    settings = ", ".join(text.format(info.training[name]) for name, text in templates.items() if name in info.training)
    tip = [
        str(info.path),
        settings,
        f"{info.device}, {units.duration(info.seconds)}" if info.seconds else info.device,
        info.message,
    ]
    cells = (
        (run_library.short_name(info), info.name),
        (info.state.capitalize(), info.state),
        (info.best_text, info.best or 0.0),
        (f"{info.epoch} of {info.epochs}", info.epoch),
        ("current" if same else "another", not same),
        (run_library.when(info), info.created),
    )
    return Row(info.path, cells, "\n".join(part for part in tip if part), INKS.get(info.state, "muted"))
