"""Functions in a thread, with their results in the window's thread."""

import threading

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.core.errors import UserError
from composer.gui.workers.thread_queue import ThreadQueue


def fail(error: Exception) -> None:
    raise error


def test_functions_run_in_order_and_report_in_the_thread_of_the_window(qapp: QApplication, qtbot: QtBot) -> None:
    queue, seen = ThreadQueue("test"), []
    for number in range(3):
        queue.run(lambda number=number: (number, threading.current_thread().name), seen.append)
    queue.run(lambda: None, lambda _: seen.append(threading.current_thread()))
    qtbot.waitUntil(lambda: len(seen) == 4)
    assert seen == [(0, "test"), (1, "test"), (2, "test"), threading.main_thread()]
    qtbot.waitUntil(lambda: not queue.busy)


def test_expected_errors_are_delivered(qapp: QApplication, qtbot: QtBot) -> None:
    queue, errors = ThreadQueue("test"), []
    queue.run(lambda: fail(UserError("a sentence")), lambda _: None, errors.append)
    queue.run(lambda: fail(OSError("a disk")), lambda _: None, errors.append)
    queue.run(lambda: fail(OSError("of no interest")), lambda _: None)
    qtbot.waitUntil(lambda: len(errors) == 2)
    assert [str(error) for error in errors] == ["a sentence", "a disk"]
    qtbot.waitUntil(lambda: not queue.busy)


def test_what_is_stopped_delivers_nothing_and_what_follows_does(qapp: QApplication, qtbot: QtBot) -> None:
    queue, seen = ThreadQueue("test"), []
    stopping, started = queue.stopping, threading.Event()

    def long() -> str:
        started.set()
        assert stopping.wait(10)
        return "late"

    queue.run(long, seen.append)
    queue.run(lambda: "dropped", seen.append)
    assert started.wait(10)
    queue.stop()
    queue.run(lambda: "next", seen.append)
    qtbot.waitUntil(lambda: seen == ["next"])
    qtbot.waitUntil(lambda: not queue.busy)
    assert seen == ["next"]


def test_dropping_does_not_wait_for_what_runs(qapp: QApplication, qtbot: QtBot) -> None:
    queue, seen = ThreadQueue("test"), []
    started, release = threading.Event(), threading.Event()

    def long() -> str:
        started.set()
        assert release.wait(10)
        return "late"

    queue.run(long, seen.append)
    queue.run(lambda: "dropped", seen.append)
    assert started.wait(10)
    queue.drop()
    queue.run(lambda: "next", seen.append)
    release.set()
    qtbot.waitUntil(lambda: seen == ["next"])
    qtbot.waitUntil(lambda: not queue.busy)
    assert seen == ["next"]
