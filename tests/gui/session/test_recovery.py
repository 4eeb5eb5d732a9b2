"""Unsaved work survives a kill of the window at any time, and the next window offers it once, without a dialog."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from composer.core import edits
from composer.core.files.design_file import save
from composer.core.graph import Design
from composer.gui.session import preferences, recovery
from composer.gui.session.session import Session
from composer.gui.widgets.banner import Banner
from tests.patience import seconds

VICTIM = """
import os, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from composer.gui.session.session import Session
os.fsync = lambda _: None  # a kill loses nothing of what a file has, and a busy disk may take seconds
app = QApplication([])
session = Session(engine=None)
session.open(sys.argv[1])
def edit():
    session.document.add_block("ConvStem", (len(session.document.graph.nodes) * 10, 0))
    print(len(session.document.graph.nodes), flush=True)
timer = QTimer(interval=150)
timer.timeout.connect(edit)
timer.start()
app.exec()  # unlike QTest.qWait, it lets the thread that writes run meanwhile
"""
EDITS = 30  # at least 4 seconds


def test_an_edit_is_on_disk_within_two_seconds(session: Session, small: Design, qtbot: QtBot) -> None:
    session.document.apply(small, "Begin")
    qtbot.waitUntil(lambda: any(recovery.folder().glob("*.json")), timeout=2000)


def test_a_change_of_the_preferences_does_not_delay_a_backup(session: Session, small: Design) -> None:
    session.document.apply(small, "Begin")
    preferences.set_recovery_s(60)
    session.preferences_changed.emit()
    session._recovery.wait()
    assert len(list(recovery.folder().glob("*.json"))) == 1


def test_a_backup_that_cannot_be_written_is_tried_again(qapp: object, small: Design, home: Path) -> None:
    home.write_text("a file where the folder should be")
    backup = recovery.RecoveryFile()
    assert backup.write(small, None)
    backup.wait()
    home.unlink()
    assert backup.write(small, None)
    backup.wait()
    assert backup.path.is_file()
    assert list(recovery.recoverable_work()) == []  # the lock tells that its window still runs
    backup.close()
    assert [work.design for work in recovery.recoverable_work()] == [small]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_killed_window_loses_no_more_than_two_seconds(small: Design, tmp_path: Path, qapp: object) -> None:
    file = tmp_path / "net.yaml"
    save(small, file)
    process = subprocess.Popen([sys.executable, "-c", VICTIM, str(file)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    count = 0
    while count < EDITS:
        count = int(process.stdout.readline())
    assert list(recovery.recoverable_work()) == []  # it still lives
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    recovered = next(recovery.recoverable_work())
    assert recovered.path == file
    assert len(recovered.design.main.nodes) >= count - 2 / 0.15
    assert time.time() - recovered.time < seconds(5)


def test_saving_and_closing_leave_nothing(session: Session, small: Design, tmp_path: Path, qtbot: QtBot) -> None:
    session.document.apply(small, "Begin")
    qtbot.waitUntil(lambda: any(recovery.folder().glob("*.json")), timeout=2000)
    session.save_as(tmp_path / "net.yaml")
    assert not list(recovery.folder().glob("*.json"))
    session.document.edit("Set", edits.set_params, "attn", {"num_heads": 8})
    qtbot.waitUntil(lambda: any(recovery.folder().glob("*.json")), timeout=2000)
    session.close()
    assert not list(recovery.folder().iterdir())


def test_an_end_without_a_question_keeps_the_work(qapp: object, small: Design) -> None:
    session = Session(engine=None)
    session.document.apply(small, "Begin")
    session.close(keep_recovery=True)
    assert next(recovery.recoverable_work()).design == small


def test_damaged_files_are_skipped(qapp: object) -> None:
    recovery.folder().mkdir(parents=True)
    for name, text in {
        "a": "",
        "b": "{",
        "c": "[]",
        "d": '{"path": 3}',
        "e": '{"path": null, "time": 1, "design": "format: 99"}',
    }.items():
        (recovery.folder() / f"{name}.json").write_text(text)
    assert list(recovery.recoverable_work()) == []


def left(design: Design, path: Path | None) -> Path:
    recovery.folder().mkdir(parents=True, exist_ok=True)
    from composer.core.files.design_file import dumps

    file = recovery.folder() / "20200101-000000-dead.json"
    file.write_text(json.dumps({"path": str(path) if path else None, "time": 1e9, "pid": 1, "design": dumps(design)}))
    return file


def test_the_next_window_offers_it_and_restores_it(window, small: Design, qtbot: QtBot, tmp_path: Path) -> None:
    file = left(small, tmp_path / "net.yaml")
    shown = window()
    banner = shown.findChild(Banner)
    assert banner is not None
    restore = next(button for button in banner.findChildren(QPushButton) if button.text() == "Restore")
    qtbot.mouseClick(restore, Qt.MouseButton.LeftButton)
    assert shown.session.document.design == small
    assert shown.session.path == tmp_path / "net.yaml"
    assert shown.session.document.dirty
    assert shown.isWindowModified()
    assert not file.exists()


def test_discarded_work_is_not_offered_again(window, small: Design, qtbot: QtBot) -> None:
    file = left(small, None)
    shown = window()
    discard = next(button for button in shown.findChild(Banner).findChildren(QPushButton) if button.text() == "Discard")
    qtbot.mouseClick(discard, Qt.MouseButton.LeftButton)
    assert not file.exists()
    assert not list(shown.session.document.graph.ids())
