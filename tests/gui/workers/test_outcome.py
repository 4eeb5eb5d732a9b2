"""The end of a process in words."""

import signal
import sys

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from composer.gui.workers.outcome import ProcessOutcome
from composer.gui.workers.worker import Worker


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (ProcessOutcome(3), "the training ended with exit code 3"),
        (ProcessOutcome(1, last_line="No space left on device"), "No space left on device"),
        (ProcessOutcome(started=False), "the training could not be started"),
        (ProcessOutcome(200, crashed=True), "the training was ended by signal 200"),
    ],
)
def test_outcomes_are_described(outcome: ProcessOutcome, text: str) -> None:
    assert outcome.describe("the training") == text
    assert not outcome.successful


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_signals_are_named_with_what_the_process_wrote_last() -> None:
    outcome = ProcessOutcome(signal.SIGKILL, crashed=True, last_line="epoch 3")
    expected = "the training was killed by force, as the system does when memory runs out (SIGKILL): epoch 3"
    assert outcome.describe("the training") == expected


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_worker_reports_the_signal_that_ended_it(qtbot: QtBot, qapp: QCoreApplication) -> None:
    worker = Worker([sys.executable, "-c", "import os; os.abort()"])
    with qtbot.waitSignal(worker.finished) as finished:
        worker.start()
    (outcome,) = finished.args
    assert outcome.crashed and outcome.code == signal.SIGABRT
    assert "aborted by one of its libraries (SIGABRT)" in outcome.describe("the engine")


def test_success_is_an_end_without_error() -> None:
    assert ProcessOutcome().successful
