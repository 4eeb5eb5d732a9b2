"""The training panel: its texts, its edits, and real trainings that finish, pause, stop, die and resume."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.data_facts import DataFacts, PartFacts
from composer.core.facts import DesignFacts, NodeFacts, PortSpec
from composer.core.files.run_folder import read_run
from composer.core.graph import ExtensionRef, Training
from composer.gui.panels.training import TrainingPanel
from composer.gui.runs.live_run import LiveRun
from composer.gui.runs.run_curves import RunCurves
from composer.gui.runs.run_process import RunHandle
from composer.gui.session.session import Session
from tests.gui.tiny import tiny, write_run
from tests.work import calls

PATIENCE = 60_000


@pytest.fixture
def session(qapp: QApplication) -> Iterator[Session]:
    session = Session(engine=None)
    session.document.apply(tiny(), "Start")
    yield session
    session.close()


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> TrainingPanel:
    panel = TrainingPanel(session)
    qtbot.addWidget(panel)
    panel.resize(900, 300)
    with qtbot.waitExposed(panel):
        panel.show()
    qtbot.waitUntil(lambda: panel.plan.name.text() != "")
    return panel


def click(qtbot: QtBot, button: QPushButton) -> None:
    # The panel redraws at most every 100 ms: a button may still be disabled, and a click on it would be lost.
    qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled(), timeout=PATIENCE)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def state_is(panel: TrainingPanel, *states: str) -> Callable[[], bool]:
    return lambda: panel.run is not None and panel.run.state in states


def start_script(session: Session, path: Path, text: str) -> RunHandle:
    """Start a run whose process is a script."""
    path.write_text(text)
    handle = RunHandle(session.document.design, {}, (sys.executable, str(path)), session)
    session.runs.append(handle)
    session.run_started.emit(handle)
    handle.start()
    return handle


def test_the_empty_panel_states_network_data_and_device(panel: TrainingPanel) -> None:
    assert panel.plan.name.text() == "Tiny"
    assert "digits" in panel.plan.text.text()
    assert "1 epoch" in panel.plan.text.text()
    assert "128 samples per step" in panel.plan.text.text()
    assert panel.controls.start.isVisible()
    assert not panel.controls.stop.isVisible()


def test_without_a_network_it_states_what_is_missing(panel: TrainingPanel, session: Session, qtbot: QtBot) -> None:
    session.new()
    qtbot.waitUntil(lambda: "Draw a network first" in panel.plan.text.text())
    assert not panel.controls.start.isEnabled()
    panel.start()
    assert panel.notice.text == ""  # the page tells it already
    assert not session.runs


def test_settings_are_edits_of_the_design_that_can_be_undone(
    panel: TrainingPanel, session: Session, qtbot: QtBot
) -> None:
    field = panel.form.fields["epochs"]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "20")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.document.design.training.epochs == 20
    assert session.document.undo_stack.undoText() == "Set epochs to 20"
    rate = panel.form.fields["lr"]
    rate.setFocus()
    for _ in range(3):
        qtbot.keyClick(rate, Qt.Key.Key_Up)
    assert session.document.design.training.lr == pytest.approx(0.024)
    session.document.undo()  # consecutive steps are one edit
    assert session.document.design.training.lr == pytest.approx(0.003)
    session.document.undo()
    assert session.document.design.training.epochs == 1
    qtbot.waitUntil(lambda: field.text() == "1")
    panel.form.headings["Precision and speed"].set_open(True)
    qtbot.mouseClick(
        panel.form.fields["compile"],
        Qt.MouseButton.LeftButton,
        pos=QPoint(8, panel.form.fields["compile"].height() // 2),
    )
    assert session.document.design.training.compile


def test_an_invalid_number_is_marked_and_not_applied(panel: TrainingPanel, session: Session, qtbot: QtBot) -> None:
    field = panel.form.fields["batch_size"]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "1")
    assert field.property("invalid")
    assert "at least 2" in field.toolTip()
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.document.design.training.batch_size == 128
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "128"
    assert not field.property("invalid")


def test_a_head_for_other_classes_disables_the_start_and_is_repaired_beside_it(
    panel: TrainingPanel, session: Session, qtbot: QtBot
) -> None:
    session.document.edit("Widen", edits.set_params, "head", {"num_classes": 1000})
    design = session.document.design
    output = NodeFacts("", outputs=(PortSpec("", (1, 1000)),))
    session.show_facts(design, DesignFacts({"logits": output}))  # as the engine infers them
    qtbot.waitUntil(lambda: not panel.controls.start.isEnabled())
    assert "digits has 10 classes" in panel.controls.start.toolTip()
    assert "digits has 10 classes" in panel.plan.text.text()
    panel.start()
    assert session.runs == []
    assert panel.plan.repair.text() == "Set num_classes of head to 10"
    click(qtbot, panel.plan.repair)
    assert session.document.design.main.nodes["head"].params["num_classes"] == 10
    qtbot.waitUntil(panel.controls.start.isEnabled)
    assert not panel.plan.repair.isVisible()


def test_start_waits_for_data_whose_classes_are_unknown_until_it_is_read(
    panel: TrainingPanel, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    session.use_data(tmp_path)
    session.data._set(None, "", 0.4)  # as the worker reports it
    qtbot.waitUntil(lambda: not panel.controls.start.isEnabled())
    assert panel.plan.text.text() == "The data is being read: 40 %"
    assert panel.plan.reading.value() == 400
    session.data._set(None, "folder 'x' has no images; choose another one", None)
    qtbot.waitUntil(lambda: panel.plan.text.text() == "Folder 'x' has no images; choose another one")
    assert panel.plan.reading.isHidden()
    panel.start()
    assert session.runs == []
    session.document.undo()
    qtbot.waitUntil(panel.controls.start.isEnabled)


def test_a_start_before_the_data_is_read_happens_when_it_is(
    panel: TrainingPanel, session: Session, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr(session, "start_training", started.append)
    session.use_data(tmp_path)
    session.data._set(None, "", 0.4)  # as the worker reports it
    panel.start()  # by the key: the button is disabled
    assert started == []
    assert panel.notice.text == "The training starts as soon as the data has been read"
    session.data._set(DataFacts("images", parts={"train": PartFacts(30)}), "", None)
    qtbot.waitUntil(lambda: len(started) == 1)
    assert panel.notice.text == ""
    session.data._set(None, "", 0.4)
    panel.start()
    session.data._set(None, "folder 'x' has no images; choose another one", None)
    qtbot.waitUntil(lambda: panel.plan.text.text() == "Folder 'x' has no images; choose another one")
    assert panel.notice.text == ""
    assert len(started) == 1


def test_a_real_training_from_start_to_end(panel: TrainingPanel, session: Session, qtbot: QtBot) -> None:
    click(qtbot, panel.controls.start)
    assert panel.run is not None
    assert panel.controls.stop.isEnabled()  # from the first moment
    assert not panel.controls.start.isEnabled()
    stop_area = panel.controls.stop.geometry()
    qtbot.waitUntil(state_is(panel, "done", "failed"), timeout=PATIENCE)
    qtbot.waitUntil(lambda: panel.controls.headline.text().startswith("Done: "), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not panel.run.handle.active)
    assert panel.controls.progress.value() == panel.controls.progress.maximum()
    qtbot.waitUntil(panel.controls.start.isEnabled)
    assert not panel.controls.stop.isEnabled()
    assert panel.controls.stop.geometry() == stop_area  # so no click that is aimed at it starts another run
    assert panel.notice.text == ""
    assert len(panel.run.curves.loss) >= 6
    loss = panel.plots.loss
    assert loss is not None
    qtbot.mouseMove(loss.plot.viewport(), QPoint(loss.plot.width() // 2, 40))
    qtbot.waitUntil(lambda: loss.readout.isVisible())
    assert "validation" in loss.readout.text()
    assert (panel.run.handle.folder / "checkpoints" / "best.pt").is_file()
    qtbot.waitUntil(lambda: not panel._draw.isActive())
    session.document.edit("Widen", edits.set_params, "stem", {"out_channels": 16})
    qtbot.waitUntil(lambda: panel.controls.headline.text().endswith("an earlier tiny"))
    session.document.undo()
    qtbot.waitUntil(lambda: "earlier" not in panel.controls.headline.text())


def test_stop_ends_a_training_that_is_still_starting(panel: TrainingPanel, session: Session, qtbot: QtBot) -> None:
    click(qtbot, panel.controls.start)
    assert panel.run is not None
    handle = panel.run.handle
    assert handle.state == "starting"
    areas = [button.geometry() for button in (panel.controls.start, panel.controls.pause, panel.controls.stop)]
    qtbot.mouseClick(panel.controls.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not handle.active, timeout=5000)
    assert handle.state == "stopped"
    qtbot.waitUntil(lambda: panel.controls.headline.text() == "Stopped")
    assert panel.notice.text == ""
    assert not handle.folder.exists()  # nothing was trained, so nothing is left
    assert areas == [button.geometry() for button in (panel.controls.start, panel.controls.pause, panel.controls.stop)]


@pytest.mark.timeout(400)  # three processes that import torch
def test_pause_continue_kill_resume_stop_and_close(panel: TrainingPanel, session: Session, qtbot: QtBot) -> None:
    epochs = 4000  # more than any machine trains during the test
    panel.form.edited.emit("epochs", epochs, False)
    click(qtbot, panel.controls.start)
    qtbot.waitUntil(lambda: panel.run is not None and panel.run.epoch >= 2, timeout=PATIENCE)
    click(qtbot, panel.controls.pause)
    qtbot.waitUntil(state_is(panel, "paused"), timeout=PATIENCE)
    qtbot.waitUntil(lambda: panel.controls.pause.text() == "Continue", timeout=PATIENCE)
    step = panel.run.step
    click(qtbot, panel.controls.pause)
    qtbot.waitUntil(lambda: panel.run.state == "training" and panel.run.step > step, timeout=PATIENCE)

    os.kill(panel.run.handle.worker.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: panel.notice.level == "error", timeout=PATIENCE)
    assert "was killed by force" in panel.notice.text
    folder, epoch = panel.run.handle.folder, panel.run.epoch
    assert read_run(folder).state == "interrupted"

    before = (folder / "design.yaml").read_bytes()
    panel.form.edited.emit("epochs", 3, False)  # the run continues with its own settings, not with those of the design
    action = panel.notice.action("Resume")
    assert action is not None
    click(qtbot, action)
    qtbot.waitUntil(lambda: panel.run.epoch > epoch, timeout=PATIENCE)
    assert panel.run.handle.folder == folder
    assert panel.run.epochs == epochs
    assert (folder / "design.yaml").read_bytes() == before
    assert list(panel.run.curves.val_loss.x) == sorted(set(panel.run.curves.val_loss.x))

    click(qtbot, panel.controls.stop)
    qtbot.waitUntil(lambda: not panel.run.handle.active, timeout=PATIENCE)
    qtbot.waitUntil(lambda: panel.controls.headline.text().startswith("Stopped after epoch"), timeout=PATIENCE)
    assert read_run(folder).state == "stopped"
    assert panel.controls.resume.isVisible()

    epoch = panel.run.epoch
    click(qtbot, panel.controls.resume)
    qtbot.waitUntil(lambda: panel.run.epoch > epoch, timeout=PATIENCE)
    session.close()  # as the window does: the process saves and ends
    assert read_run(folder).state == "stopped"


def test_a_failed_run_states_the_reason_and_has_the_trace_one_click_away(
    panel: TrainingPanel, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    start_script(
        session,
        tmp_path / "diverges.py",
        "import json, pathlib, sys\n"
        "out = pathlib.Path(sys.argv[sys.argv.index('--out') + 1])\n"
        "out.mkdir(parents=True)\n"
        "(out / 'error.txt').write_text('Traceback (most recent call last): Diverged')\n"
        "message = 'the loss is no longer a number; lower the learning rate'\n"
        "print(json.dumps({'method': 'state', 'params': {'state': 'failed', 'message': message}}))\n"
        "sys.exit(1)\n",
    )
    qtbot.waitUntil(lambda: panel.notice.level == "error")
    assert panel.notice.text == "The loss is no longer a number; lower the learning rate"
    details = panel.notice.action("Details")
    assert details is not None
    click(qtbot, details)
    dialog = panel.notice.findChild(QDialog)
    assert "Traceback" in dialog.findChild(QPlainTextEdit).toPlainText()
    dialog.close()
    qtbot.waitUntil(lambda: panel.controls.headline.text() == "Failed")
    assert panel.controls.start.isVisible()
    assert not panel.controls.resume.isVisible()


def test_a_failed_run_offers_the_settings_that_it_suggests(
    panel: TrainingPanel, session: Session, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_script(
        session,
        tmp_path / "too_large.py",
        "import json, sys\n"
        "suggestion = {'batch_size': 16, 'accumulate': 8}\n"
        "state = {'state': 'failed', 'message': 'cpu has too little memory', 'suggestion': suggestion}\n"
        "print(json.dumps({'method': 'state', 'params': state}))\n"
        "sys.exit(1)\n",
    )
    qtbot.waitUntil(lambda: panel.notice.level == "error")
    started = []
    monkeypatch.setattr(session, "start_training", started.append)
    action = panel.notice.action("Train with batch size 16 and accumulate 8")
    assert action is not None
    qtbot.waitUntil(panel.controls.start.isEnabled)
    click(qtbot, action)
    training = session.document.design.training
    assert (training.batch_size, training.accumulate) == (16, 8)
    assert len(started) == 1
    session.document.undo()
    assert session.document.design.training.batch_size == 128


def test_a_run_that_waits_for_its_folder_states_why_until_it_goes_on(
    panel: TrainingPanel, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    handle = start_script(
        session,
        tmp_path / "full.py",
        "import json, sys\n"
        "def state(name, message=''):\n"
        "    print(json.dumps({'method': 'state', 'params': {'state': name, 'message': message}}), flush=True)\n"
        "state('training')\n"
        "state('paused', 'last.pt: cannot be written: No space left on device; training waits')\n"
        "while 'resume' not in sys.stdin.readline(): pass\n"
        "state('training')\n"
        "while 'stop' not in sys.stdin.readline(): pass\n"
        "state('stopped')\n",
    )
    qtbot.waitUntil(lambda: panel.notice.level == "warning")
    assert panel.notice.text == "last.pt: cannot be written: No space left on device; training waits"
    qtbot.waitUntil(lambda: panel.controls.headline.text() == "Paused")
    handle.resume()  # try again now
    qtbot.waitUntil(lambda: not panel.notice.text)
    handle.stop()
    qtbot.waitUntil(lambda: handle.state == "stopped")


def test_an_interrupted_run_of_this_network_is_offered(session: Session, home: Path, qtbot: QtBot) -> None:
    write_run(home / "runs" / "tiny-1", session.document.design, state="training", pid=2**22 + 1)
    panel = TrainingPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(lambda: "was interrupted after epoch 3 of 3" in panel.notice.text)
    assert panel.notice.action("Resume") is not None
    session.document.edit("Widen", edits.set_params, "stem", {"out_channels": 16})
    qtbot.waitUntil(lambda: panel.notice.text == "")  # it would train another network than the current one


def test_ten_thousand_records_have_a_bounded_cost(session: Session, home: Path, qtbot: QtBot) -> None:
    handle = RunHandle(tiny(epochs=10), {}, parent=session)
    run = LiveRun(handle)
    lines = [
        {"event": "metrics", "kind": "step", "step": n, "steps": 10_000, "x": n / 1e3, "loss": 1.0 + n % 7, "time": n}
        for n in range(1, 10_001)
    ]
    work = calls(lambda: [run.take(line) for line in lines])
    assert work < 60 * len(lines)
    assert len(run.curves.loss) == 10_000
    panel = TrainingPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    panel.plots.show_curves(run.curves)
    assert calls(lambda: panel.plots.show_curves(run.curves)) < len(
        lines
    )  # of which a plot shows as many as it has pixels


def test_a_spike_between_pixels_is_drawn(panel: TrainingPanel, qtbot: QtBot) -> None:
    import numpy as np

    curves = RunCurves(epochs=10)
    for step in range(1, 50_001):
        loss_value = 9.0 if step == 12_345 else 1.0
        curves.add({"kind": "step", "step": step, "steps": 50_000, "x": step / 5_000, "loss": loss_value})
    panel.plots.show_curves(curves)
    panel._pages.setCurrentWidget(panel.plots)
    loss = panel.plots.loss
    assert loss is not None
    qtbot.waitUntil(lambda: loss.isVisible())
    x, y = loss._lines["run raw"].item.getData()
    assert len(x) < 10_000  # about two values per pixel
    assert np.max(y) == 9.0


def test_a_recipe_is_one_edit(panel: TrainingPanel, session: Session, qtbot: QtBot) -> None:
    before = session.document.design.training
    panel.form.recipe_chosen.emit("deit")
    training = session.document.design.training
    assert (training.lr, training.epochs, len(training.augment)) == (1e-3, 300, 6)
    assert training.data == before.data
    qtbot.waitUntil(lambda: panel.form.choice("recipe") == "deit")
    session.document.undo()
    assert session.document.design.training == before


def test_impossible_settings_disable_the_start_and_say_why(
    panel: TrainingPanel, session: Session, qtbot: QtBot
) -> None:
    impossible = Training(optimizer=ExtensionRef("lion"))
    session.document.apply(edits.set_training(session.document.design, impossible), "Set optimizer")
    qtbot.waitUntil(lambda: not panel.controls.start.isEnabled())
    assert panel.plan.text.text().startswith("Training optimizer 'lion' is unknown, expected one of: ada")


def test_options_of_the_objective_are_fields_of_the_form(panel: TrainingPanel, session: Session, qtbot: QtBot) -> None:
    field = panel.form.fields["objective.label_smoothing"]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "0.1")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.document.design.training.objective == ExtensionRef("classification", {"label_smoothing": 0.1})
    assert session.document.undo_stack.undoText() == "Set label smoothing to 0.1"
    session.document.undo()
    qtbot.waitUntil(lambda: field.text() == "0")
    assert session.document.design.training.objective == ExtensionRef("classification")
