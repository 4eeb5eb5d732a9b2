"""The question that is asked before a run is branched: from which of its weights the new training starts."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from composer.core.files.run_folder import BEST, LAST, WEIGHTS, RunInfo
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import column, label, named, row

_KEPT = re.compile(r"epoch_(\d+)\.pt")
HINT = (
    "A copy of its design opens with the settings of the run. Change what you like, then start: the weights are those "
    "of the run at first, the epochs are counted from 1, and the run itself stays as it is."
)


@dataclass(frozen=True, slots=True)
class RunBranch:
    """A run that another training starts from.

    Args:
        run: folder of the run.
        selection: which of its weights: ``best``, ``last``, or the number of an epoch.
    """

    run: Path
    selection: str = "best"


def selections(info: RunInfo) -> list[tuple[str, str]]:
    """Return the weights that a run has stored, each with its title: best, last, then those of single epochs."""
    rows: list[tuple[str, str]] = []
    if any((info.path / name).is_file() for name in (BEST, WEIGHTS)):
        title = f"Best, {info.best_text} in epoch {info.best_epoch}" if info.best_epoch else "Best"
        rows.append((title, "best"))
    if (info.path / LAST).is_file():
        rows.append((f"Last, epoch {info.epoch}", "last"))
    names = [path.name for path in (info.path / LAST).parent.glob("epoch_*.pt")]
    epochs = sorted((int(match[1]) for name in names if (match := _KEPT.fullmatch(name))), reverse=True)
    return rows + [(f"Epoch {epoch}", str(epoch)) for epoch in epochs]


class BranchRun(QDialog):
    """Asks for the weights that a new training starts from.

    Args:
        info: the run.
        on_accept: called with the `RunBranch`.
        parent: in front of what it opens.

    Attributes:
        weights: the weights to choose from.
    """

    def __init__(self, info: RunInfo, on_accept: Callable[[RunBranch], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Branch from a run")
        self.weights = named(DropDown(), "Weights")
        for title, selection in selections(info):
            self.weights.addItem(title, selection)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton("Branch", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: on_accept(RunBranch(info.path, self.weights.currentData())))
        line = row(label("Start from", "muted"), self.weights)
        line.setStretch(1, 1)
        layout = column()
        layout.addLayout(line)
        layout.addWidget(label(HINT, "muted", wrap=True))
        layout.addWidget(buttons)
        self.setLayout(layout)
        self.resize(420, self.sizeHint().height())
