"""The runs panel: list, overlaid curves, trash, resume, inspection; and the reader of run folders."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from composer.core import training_settings
from composer.core.files.design_file import load
from composer.core.files.run_folder import MetricsReader, RunFolder, list_runs, read_run
from composer.core.files.run_owner import RunLock, is_alive
from composer.core.learning_rate import EpochChange, learning_rate
from composer.core.run_records import Head, MetricSpec
from composer.gui.dialogs.train_longer import TrainLonger
from composer.gui.panels.runs import RunsPanel
from composer.gui.run_list import deletion as deletion_module
from composer.gui.runs import trash as trash_module
from composer.gui.runs.run_curves import RunCurves
from composer.gui.runs.run_process import RunHandle
from composer.gui.session.session import Session
from tests.gui.tiny import tiny, write_run

DEAD = 2**22 + 1  # above what Linux gives to a process


@pytest.fixture
def session(qapp: QApplication) -> Iterator[Session]:
    session = Session(engine=None)
    session.document.apply(tiny(), "Start")
    yield session
    session.close()


@pytest.fixture
def root(home: Path, session: Session) -> Path:
    write_run(home / "runs" / "tiny-20260101-101500", session.document.design, created=1.77e9)
    write_run(
        home / "runs" / "broken-off", session.document.design, state="training", pid=DEAD, epochs=2, created=1.78e9
    )
    other = tiny()
    write_run(home / "runs" / "other", other.with_graph("", session.document.design.main), epochs=5, created=1.79e9)
    return home / "runs"


@pytest.fixture
def panel(root: Path, session: Session, qtbot: QtBot) -> RunsPanel:
    panel = RunsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(1000, 300)
    with qtbot.waitExposed(panel):
        panel.show()
    qtbot.waitUntil(lambda: panel.model.rowCount() == 3)
    return panel


def cells(panel: RunsPanel, row: int) -> list[str]:
    """Return what a line of the table tells in each column."""
    model = panel.model
    role = Qt.ItemDataRole.AccessibleTextRole
    return [model.index(row, column).data(role) for column in range(model.columnCount())]


def click_row(
    panel: RunsPanel, qtbot: QtBot, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    at = panel.table.visualRect(panel.model.index(row, 1)).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, keys, at)
    qtbot.waitUntil(lambda: not panel.table._selected_soon.isActive())


def confirm(label: str) -> None:
    """Click a button of the open question."""
    (box,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    QTest.mouseClick(next(b for b in box.buttons() if b.text() == label), Qt.MouseButton.LeftButton)


def settled(panel: RunsPanel) -> bool:
    return not panel.overlay.reading and not panel.overlay._notifying.isActive() and not panel.scan.busy


def test_the_list_shows_state_best_costs_and_time(panel: RunsPanel) -> None:
    assert [cells(panel, row)[0] for row in range(3)] == ["other", "broken-off", "tiny"]  # newest first
    assert cells(panel, 1)[1:5] == ["Interrupted", "85.0 %", "-", "-"]
    assert cells(panel, 2)[1:3] == ["Done", "90.0 %"]
    assert cells(panel, 2)[5]
    assert panel.hint_title.text() == "Select runs"


def test_the_list_can_be_limited_to_runs_of_the_open_design(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    panel._toggle_only_current()
    assert panel.model.rowCount() == 3
    session.new()
    qtbot.waitUntil(lambda: panel.model.rowCount() == 0)
    panel._toggle_only_current()
    assert panel.model.rowCount() == 3


def test_selected_runs_are_overlaid_each_in_its_colour(panel: RunsPanel, qtbot: QtBot) -> None:
    click_row(panel, qtbot, 0)
    click_row(panel, qtbot, 2, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: settled(panel) and all(len(curves.val_loss) for _, curves in panel.overlay))
    assert panel._pages.currentWidget() is panel.plots
    assert len(panel.plots.drawn()) == 2
    colors = panel.overlay.colors()
    assert len({color.name() for color in colors.values()}) == 2
    assert panel.model._colors == colors
    accuracy = panel.plots.metrics["accuracy"]
    panel.plots.grid.ensureWidgetVisible(accuracy)
    qtbot.mouseMove(accuracy.plot.viewport(), QPoint(accuracy.plot.width() // 2, 40))
    qtbot.waitUntil(lambda: accuracy.readout.isVisible())
    assert "other" in accuracy.readout.text()
    assert "tiny" in accuracy.readout.text()
    color = colors[panel.table.selected()[0]]
    click_row(panel, qtbot, 0)
    assert len(panel.plots.drawn()) == 1
    assert panel.overlay.colors()[panel.table.selected()[0]] == color


def test_a_growing_run_is_followed(panel: RunsPanel, root: Path, qtbot: QtBot) -> None:
    click_row(panel, qtbot, 2)
    folder = panel.table.selected()[0]
    qtbot.waitUntil(lambda: settled(panel) and len(panel.overlay.curves[folder].val_loss) == 3)
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(
            json.dumps({"kind": "epoch", "epoch": 4, "metrics": {"val": {"loss": 0.1, "accuracy": 0.99}}}) + "\n"
        )
    panel.refresh()
    qtbot.waitUntil(lambda: settled(panel) and len(panel.overlay.curves[folder].val_loss) == 4)


def test_delete_can_be_undone(
    panel: RunsPanel, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    bin_ = tmp_path / "Trash" / "files"
    bin_.mkdir(parents=True)

    def to_bin(folder: Path) -> trash_module.Trashed:
        return trash_module.Trashed(folder, folder.rename(bin_ / folder.name))

    monkeypatch.setattr(deletion_module, "trash", to_bin)
    click_row(panel, qtbot, 0)
    qtbot.mouseClick(panel.delete_button, Qt.MouseButton.LeftButton)
    assert (root / "other").exists()  # not before the question is answered
    confirm("Move to the trash")
    assert not (root / "other").exists()
    assert panel.model.rowCount() == 2
    assert panel.notice.text == "Moved “other” to the trash"
    undo = panel.notice.action("Undo")
    assert undo is not None
    qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    assert (root / "other" / "metrics.jsonl").is_file()
    qtbot.waitUntil(lambda: panel.model.rowCount() == 3)
    qtbot.waitUntil(lambda: settled(panel))
    assert [path.name for path in panel.table.selected()] == ["other"]


def test_deleting_asks_and_return_keeps_the_run(
    panel: RunsPanel, root: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    trashed: list[Path] = []
    monkeypatch.setattr(deletion_module, "trash", trashed.append)
    click_row(panel, qtbot, 0)
    panel.table.setFocus()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
        (box,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
        assert box.text() == "Move the run “other” to the trash?"
        assert "trained epochs" in box.informativeText()
        QTest.keyClick(box, key)
        assert not box.isVisible()
    assert not trashed
    qtbot.keyClick(panel.table, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)  # also StandardKey.Delete on X11
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
    qtbot.waitUntil(lambda: settled(panel))


@pytest.mark.skipif(sys.platform != "linux", reason="the trash of this test is that of freedesktop.org")
def test_a_folder_goes_to_the_trash_of_the_system_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "design.yaml").write_text("a design")
    trashed = trash_module.trash(folder)
    assert trashed is not None
    assert not folder.exists()
    assert trashed.restore()
    assert (folder / "design.yaml").read_text() == "a design"
    assert not list((tmp_path / "data" / "Trash" / "info").iterdir())


def test_what_the_system_cannot_move_to_its_trash_stays_where_it_is(tmp_path: Path) -> None:
    assert trash_module.trash(tmp_path / "no such run") is None


def test_without_a_trash_deleting_needs_confirmation(
    panel: RunsPanel, root: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(deletion_module, "trash", lambda folder: None)
    click_row(panel, qtbot, 0)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    confirm("Move to the trash")
    assert (root / "other").exists()
    assert "cannot be moved to the trash" in panel.notice.text
    assert [folder.name for folder, _ in panel.overlay] == ["other"]  # still selected, so its curves stay
    for_good = panel.notice.action("Delete permanently")
    assert for_good is not None
    qtbot.mouseClick(for_good, Qt.MouseButton.LeftButton)
    assert not (root / "other").exists()
    qtbot.waitUntil(lambda: settled(panel))


def test_resume_continues_in_the_folder_of_the_run(
    panel: RunsPanel, session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    started: list[dict] = []
    requested_panels: list[str] = []
    monkeypatch.setattr(session, "start_training", started.append)
    session.panel_requested.connect(requested_panels.append)
    click_row(panel, qtbot, 0)
    assert not panel.resume_button.isEnabled()  # it is done
    click_row(panel, qtbot, 1)
    qtbot.mouseClick(panel.resume_button, Qt.MouseButton.LeftButton)
    assert started[0]["resume"] is True
    assert started[0]["out"].name == "broken-off"
    assert requested_panels == ["training"]
    qtbot.waitUntil(lambda: settled(panel))


def test_look_inside_selects_the_run_for_the_attention_panel(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    requested_panels: list[str] = []
    session.panel_requested.connect(requested_panels.append)
    click_row(panel, qtbot, 2)
    qtbot.mouseClick(panel.inspect_button, Qt.MouseButton.LeftButton)
    assert requested_panels == ["attention"]
    assert session.selected_run is not None
    assert session.selected_run.name == "tiny-20260101-101500"
    qtbot.waitUntil(lambda: settled(panel))


def test_runs_from_elsewhere_are_opened_and_remembered(
    panel: RunsPanel, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    panel.add_folder(tmp_path / "home")
    assert "contains no run" in panel.notice.text
    write_run(tmp_path / "cluster" / "far", session.document.design, epochs=4)
    panel.add_folder(tmp_path / "cluster")
    qtbot.waitUntil(lambda: panel.model.rowCount() == 4)
    qtbot.waitUntil(lambda: bool(panel.table.selected()))
    assert [path.name for path in panel.table.selected()] == ["far"]
    qtbot.waitUntil(lambda: settled(panel))


def test_a_torn_line_waits_for_its_end(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", tiny())
    whole = (folder / "metrics.jsonl").read_bytes()
    (folder / "metrics.jsonl").write_bytes(whole[:-20])
    reader, records, more = MetricsReader(folder), [], True
    while more:
        part, more = reader.read(100)
        records += part
    (folder / "metrics.jsonl").write_bytes(whole)
    records += reader.read()[0]
    assert len(records) == 1 + 3 * 13
    assert records == [json.loads(line) for line in whole.splitlines()]


def test_damaged_folders_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", tiny())
    (folder / "state.json").write_bytes(b"\xff\x00{")
    (folder / "settings.json").write_text("[1]")
    info = read_run(folder)
    assert (info.state, info.epoch, info.best) == ("new", 0, None)
    assert list_runs(tmp_path) == [folder]
    assert list_runs(folder) == [folder]
    assert not is_alive(DEAD)


FLAT_EPOCH = {
    "kind": "epoch",
    "epoch": 1,
    "epochs": 2,
    "step": 4,
    "train_loss": 1.5,
    "train_accuracy": 0.5,
    "val_loss": 1.0,
    "val_accuracy": 0.75,
    "seconds": 1.0,
    "images_per_s": 9.0,
    "time": 1.0,
}


def test_runs_of_earlier_versions_open(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", tiny(), epochs=2)
    step = {"kind": "step", "step": 4, "steps": 8, "epoch": 1, "loss": 1.2, "lr": 0.1, "images_per_s": 8.0, "time": 0.5}
    (folder / "metrics.jsonl").write_text(json.dumps(step) + "\n" + json.dumps(FLAT_EPOCH) + "\n")
    state = {"state": "done", "epoch": 2, "epochs": 2, "best_val_accuracy": 0.75, "best_epoch": 1}
    (folder / "state.json").write_text(json.dumps(state))
    info = read_run(folder)
    assert (info.best_text, info.best_epoch) == ("75.0 %", 1)
    curves = RunCurves(2)
    for record in RunFolder(folder).metrics():
        curves.add(record)
    assert curves.primary.title == "Accuracy"
    assert list(curves.curve("val", "accuracy").y) == [75.0]
    assert list(curves.val_loss.y) == [1.0]
    assert curves.best == 0.75
    assert curves.speed == 8.0


def test_a_metric_of_which_less_is_better(tmp_path: Path) -> None:
    metric = MetricSpec("error", "Mean error", "", "min")
    curves = RunCurves(3)
    curves.add(Head("regression", metric, (metric,)).to_record())
    for epoch, error in ((1, 0.5), (2, 0.125), (3, 0.25)):
        curves.add({"kind": "epoch", "epoch": epoch, "metrics": {"val": {"loss": error, "error": error}}})
    assert curves.best == 0.125
    assert curves.primary.write(curves.best) == "0.125"


def test_a_reused_process_id_is_not_taken_for_the_run() -> None:
    started = psutil.Process().create_time()
    assert is_alive(os.getpid())
    assert is_alive(os.getpid(), started)
    assert not is_alive(os.getpid(), started - 3600)


def test_a_run_is_made_longer_after_a_question_that_names_the_learning_rates(
    panel: RunsPanel, session: Session, root: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: list[Mapping[str, object]] = []
    monkeypatch.setattr(session, "start_training", options.append)
    folder = root / "tiny-20260101-101500"
    state = json.loads((folder / "state.json").read_text())
    (folder / "state.json").write_text(json.dumps({**state, "step": 36}))
    click_row(panel, qtbot, 2)
    assert panel.longer_button.isEnabled()
    panel.longer_button.click()
    (dialog,) = panel.findChildren(TrainLonger)
    assert dialog.epochs.minimum() == 4
    dialog.epochs.setValue(6)
    settings = replace(training_settings.from_plain(read_run(folder).training), epochs=6)
    for mode, radio in dialog.modes.items():
        rate = learning_rate(settings, 12, [EpochChange(36, 3, 6, mode)])
        assert radio.text().endswith(f": {rate(35):.3g} → {rate(36):.3g}")
    dialog.modes["hold"].setChecked(True)
    dialog.accept()
    assert options == [{"device": "auto", "out": folder, "resume": True, "epochs": 6, "extend_lr": "hold"}]
    panel.table.clearSelection()
    qtbot.waitUntil(lambda: not panel.longer_button.isEnabled())


def test_the_window_passes_the_epochs_on_and_makes_no_folder_itself(session: Session, root: Path) -> None:
    handle = RunHandle(session.document.design, {"out": root / "new"}, parent=session)
    assert not (root / "new").exists()
    design = Path(handle.worker.command[handle.worker.command.index("train") + 1])
    assert load(design) == session.document.design
    shutil.rmtree(design.parent)
    options = {"out": root / "other", "resume": True, "epochs": 9, "extend_lr": "rewarm"}
    command = RunHandle(session.document.design, options, parent=session).worker.command
    assert list(command[-5:]) == ["--epochs", "9", "--extend-lr", "rewarm", "--parent-pipe"]


def test_curves_of_a_longer_run_never_go_back(tmp_path: Path) -> None:
    """Records of early versions have no x, and the steps of the whole run changed in the middle."""
    folder = write_run(tmp_path / "run", tiny(), epochs=2, steps=4)
    records = RunFolder(folder).metrics()
    records += [{"kind": "step", "step": step, "steps": 24, "epoch": 3, "loss": 1.0, "time": step} for step in (9, 12)]
    old = [{key: value for key, value in record.items() if key != "x"} for record in records]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(record) + "\n" for record in old))
    curves = RunCurves(2)
    for record in RunFolder(folder).metrics():
        curves.add(record)
    assert list(curves.loss.x) == [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 3.0]


def test_a_run_that_a_process_is_about_to_resume_is_not_deleted(panel: RunsPanel, root: Path, qtbot: QtBot) -> None:
    folder = root / "tiny-20260101-101500"
    lock = RunLock.acquire(folder)
    panel.deletion.delete([folder])
    assert folder.exists()
    assert panel.deletion.trashed == []
    lock.release()
