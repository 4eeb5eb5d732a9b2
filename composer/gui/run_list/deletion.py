"""Deleting runs: asked before, to the trash of the system, with an offer to undo."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from composer.core.files.run_owner import living_owner
from composer.core.run_table import RunRow
from composer.gui.runs.trash import Trashed, delete, trash
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.question import ask


def is_free(row: RunRow) -> bool:
    """Return whether no process trains a run or is about to: a state file tells only what was written before."""
    return not row.info.active and living_owner(row.info.path) is None


class Deletion(QObject):
    """Moves runs to the trash and back.

    Args:
        rows: returns the listed runs by folder.
        notice: where the outcome is reported.
        panel: in front of which questions open.

    Attributes:
        trashed: the runs that were deleted last, for undo.

    Signals:
        changed: folders that exist no longer, and folders that exist again.
    """

    changed = Signal(object, object)

    def __init__(self, rows: Callable[[], dict[Path, RunRow]], notice: Notice, panel: QWidget) -> None:
        super().__init__(panel)
        self._rows, self._notice, self._panel = rows, notice, panel
        self.trashed: list[Trashed] = []

    def ask(self, rows: Sequence[RunRow]) -> None:
        """Ask whether runs should go to the trash; those that train are not deleted."""
        deletable = [row for row in rows if is_free(row)]
        if not deletable:
            return
        epochs = sum(row.info.epoch for row in deletable)
        trained = "1 trained epoch" if epochs == 1 else f"{epochs} trained epochs"
        if len(deletable) == 1:
            text = f"Move the run “{deletable[0].name}” to the trash?"
            contents = f"its weights and curves ({trained})"
        else:
            text = f"Move {len(deletable)} runs to the trash?"
            contents = f"their weights and curves ({trained} in all)"
        if any(row.notes for row in deletable):
            contents += ", and what you noted"
        move = partial(self.delete, [row.info.path for row in deletable])
        ask(self._panel, "Delete runs", text, f"This removes {contents} from the list.", {"Move to the trash": move})

    def delete(self, folders: Sequence[Path]) -> None:
        """Move runs to the trash; a run that has started to train meanwhile stays."""
        rows = self._rows()
        deletable = [folder for folder in folders if (row := rows.get(folder)) is not None and is_free(row)]
        self.trashed = [item for folder in deletable if (item := trash(folder)) is not None]
        stuck = [folder for folder in deletable if folder.exists()]
        self.changed.emit([folder for folder in deletable if folder not in stuck], [])
        if stuck:
            what = f"“{stuck[0].name}”" if len(stuck) == 1 else f"{len(stuck)} runs"
            actions = [("Delete permanently", lambda: self._delete_permanently(stuck))]
            self._notice.show_message(f"{what} cannot be moved to the trash on this disk", "warning", actions=actions)
        elif self.trashed:
            count = len(self.trashed)
            what = f"“{self.trashed[0].folder.name}”" if count == 1 else f"{count} runs"
            self._notice.show_message(f"Moved {what} to the trash", "info", actions=[("Undo", self.undo)])

    def undo(self) -> None:
        """Restore the runs that were deleted last."""
        failed = [item for item in self.trashed if not item.restore()]
        restored = [item.folder for item in self.trashed if item not in failed]
        self.trashed = []
        self.changed.emit([], restored)
        if failed:
            self._notice.show_message(
                f"{failed[0].folder.name} could not be restored; it is still in the trash", "error"
            )

    def _delete_permanently(self, folders: list[Path]) -> None:
        failed = [folder for folder in folders if not delete(folder)]
        self.changed.emit([folder for folder in folders if folder not in failed], [])
        if failed:
            self._notice.show_message(f"{failed[0]} could not be deleted", "error")
