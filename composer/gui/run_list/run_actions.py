"""What can be done with the selected runs: each action with its condition; buttons and menus show the same ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.files.run_folder import DESIGN, RunInfo
from composer.core.run_command import reproducing_command
from composer.core.run_export import csv_text, row_json
from composer.core.run_table import RunRow
from composer.gui.dialogs.branch_run import BranchRun
from composer.gui.dialogs.train_longer import TrainLonger
from composer.gui.look import theme
from composer.gui.run_list.compare_runs import CompareRuns
from composer.gui.runs import run_library
from composer.gui.session.session import Session
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.save_dialog import ask_save_file


@dataclass(frozen=True, slots=True)
class RunAction:
    """An action in a menu.

    Args:
        title: its text.
        icon: name of its icon; empty for none.
        run: runs it.
        enabled: whether it is possible now.
    """

    title: str
    icon: str
    run: Callable[[], object]
    enabled: bool = True


class RunActions(QObject):
    """The actions of the runs panel.

    Args:
        session: the session.
        selected: returns the selected runs.
        notice: where failures are reported.
        panel: in front of which dialogs open.
    """

    def __init__(
        self, session: Session, selected: Callable[[], Sequence[RunRow]], notice: Notice, panel: QWidget
    ) -> None:
        super().__init__(panel)
        self.session, self._selected, self._notice, self._panel = session, selected, notice, panel

    @property
    def one(self) -> RunRow | None:
        """The selected run, if it is a single one that can be read."""
        selected = self._selected()
        return selected[0] if len(selected) == 1 and not selected[0].problem else None

    @property
    def training(self) -> bool:
        """Whether this window trains something."""
        return any(run.active for run in self.session.runs)

    @property
    def resumable(self) -> RunRow | None:
        """The selected run if it can be resumed now."""
        one = self.one
        return one if one is not None and one.info.resumable and not self.training else None

    @property
    def extensible(self) -> RunRow | None:
        """The selected run if it can be made longer now."""
        one = self.one
        free = one is not None and not one.info.active and not self.training
        return one if free and one is not None and one.info.has_weights else None

    @property
    def inspectable(self) -> RunRow | None:
        """The selected run if it has weights."""
        one = self.one
        return one if one is not None and one.info.has_weights else None

    @property
    def comparable(self) -> list[RunRow]:
        """The two selected runs; empty if others are selected."""
        selected = [row for row in self._selected() if not row.problem]
        return selected if len(selected) == 2 else []

    def groups(self) -> list[list[RunAction]]:
        """Return the actions, in groups that a line separates."""
        one, inspectable = self.one, self.inspectable is not None
        return [
            [
                RunAction("Resume", "play", self.resume, self.resumable is not None),
                RunAction("Train longer…", "add", self.train_longer, self.extensible is not None),
                RunAction("Branch from this run…", "branch", self.branch, inspectable),
            ],
            [
                RunAction("Show results", "results", self.show_results, one is not None),
                RunAction("Show attention", "attention", self.inspect, inspectable),
                RunAction("Compare…", "compare", self.compare, bool(self.comparable)),
            ],
            [
                RunAction("Open a copy of its design", "enter", self.open_design, one is not None),
                RunAction("Show its files", "open", self.reveal, len(self._selected()) == 1),
                RunAction("Copy the command that reproduces it", "copy", self.copy_command, one is not None),
            ],
        ]

    def add_to(self, menu: QMenu) -> None:
        """Add the actions to a menu."""
        for group in self.groups():
            for entry in group:
                menu.addAction(theme.icon(entry.icon), entry.title, entry.run).setEnabled(entry.enabled)
            menu.addSeparator()

    # --- the actions ------------------------------------------------------------------------------------------------

    def resume(self) -> None:
        """Resume the selected run, in the training panel."""
        if (row := self.resumable) is not None:
            self._resume(row.info, {})

    def train_longer(self) -> None:
        """Ask how many epochs the selected run shall have, and how its learning rate continues; then resume it."""
        if (row := self.extensible) is not None:
            info = row.info
            TrainLonger(info, lambda options: self._resume(info, options), self._panel).open()

    def _resume(self, info: RunInfo, options: Mapping[str, Any]) -> None:
        self.session.panel_requested.emit("training")
        try:
            self.session.start_training({**run_library.resume_options(info), **options})
        except (OSError, UserError) as error:
            self._notice.show_message(f"The run could not be resumed: {error}", "error")

    def inspect(self) -> None:
        """Show the attention of the selected run."""
        if (row := self.inspectable) is not None:
            self.session.show_run(row.info.path, "attention")

    def show_results(self) -> None:
        """Show what the best epoch of the selected run predicts."""
        if (row := self.one) is not None:
            self.session.show_run(row.info.path, "results")

    def branch(self) -> None:
        """Ask which weights of the selected run another training should start from, then prepare it."""
        if (row := self.inspectable) is not None:
            BranchRun(
                row.info, lambda branch: self.session.command_requested.emit("branch_run", branch), self._panel
            ).open()

    def compare(self) -> None:
        """Show what differs between the two selected runs."""
        if rows := self.comparable:
            before, after = sorted(rows, key=lambda row: row.info.created)
            CompareRuns(self.session, before, after, self._panel).open()

    def open_design(self) -> None:
        """Open a copy of the design of the selected run."""
        if (row := self.one) is not None:
            self.session.command_requested.emit("open_template", row.info.path / DESIGN)

    def reveal(self) -> None:
        """Show the folder of the selected run in the file manager."""
        if len(selected := self._selected()) == 1:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(selected[0].info.path)))

    def copy_command(self) -> None:
        """Copy the command line that trains the same network with the same settings again."""
        if (row := self.one) is None:
            return
        try:
            command = reproducing_command(row.info.path)
        except UserError as error:
            self._notice.show_message(str(error), "error")
            return
        QApplication.clipboard().setText(command)
        self._notice.show_message("Copied the command that reproduces the run; it trains into a new folder", "info")

    def export_csv(self, rows: Sequence[RunRow]) -> None:
        """Write a table of runs to a file that the user chooses.

        Args:
            rows: the runs, in the order of the table.
        """
        path = ask_save_file(self._panel, "Export the table of runs", "runs.csv", "CSV (*.csv)", ".csv")
        if path is None:
            return
        text = csv_text([row_json(row) for row in rows])
        try:
            write_atomically(path, lambda file: file.write(text.encode()))
        except UserError as error:
            self._notice.show_message(str(error), "error")
            return
        self._notice.show_message(f"Exported {len(rows)} runs to {path}", "success")
