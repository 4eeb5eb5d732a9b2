"""Branching from a run: which weights, and what the window opens."""

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.core.files.run_folder import read_run
from composer.gui.dialogs.branch_run import BranchRun, RunBranch, selections
from composer.gui.window import Window
from tests.gui.tiny import tiny, write_run

Make = Callable[..., Window]


def run_with_checkpoints(folder: Path) -> Path:
    write_run(folder, tiny(), epochs=12)
    for name in ("best.pt", "epoch_0002.pt", "epoch_0010.pt", "epoch_x.pt"):
        (folder / "checkpoints" / name).write_bytes(b"weights")
    settings = json.loads((folder / "settings.json").read_text())
    settings["training"]["lr"] = 0.25
    (folder / "settings.json").write_text(json.dumps(settings))
    return folder


def test_every_checkpoint_is_offered_the_best_first(qapp: QApplication, tmp_path: Path, qtbot: QtBot) -> None:
    folder = run_with_checkpoints(tmp_path / "run")
    rows = selections(read_run(folder))
    assert [title for title, _ in rows] == ["Best, 97.5 % in epoch 12", "Last, epoch 12", "Epoch 10", "Epoch 2"]
    assert [selection for _, selection in rows] == ["best", "last", "10", "2"]
    branches: list[RunBranch] = []
    dialog = BranchRun(read_run(folder), branches.append)
    qtbot.addWidget(dialog)
    dialog.weights.setCurrentIndex(2)
    dialog.accept()
    assert branches == [RunBranch(folder, "10")]


def test_the_window_opens_a_copy_of_the_design_with_the_weights_to_start_from(window: Make, tmp_path: Path) -> None:
    folder = run_with_checkpoints(tmp_path / "run")
    shown = window()
    shown.run_command("branch_run", RunBranch(folder))
    training = shown.session.document.design.training
    assert (training.lr, training.init) == (0.25, f"{folder}@best")
    assert shown.session.path is None  # a copy: saving asks for a file
    assert shown.docks.docks["training"].isVisible()
    shown.session.document.undo_stack.setClean()
    (folder / "settings.json").write_text("{")
    shown.run_command("branch_run", RunBranch(folder))
    assert "settings.json" in shown.bench.toast.text
