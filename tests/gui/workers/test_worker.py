"""The client of worker processes: answers, progress, cancelling, death and restart."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from composer.gui.workers import worker as worker_module
from composer.gui.workers.worker import Worker
from tests.gui.conftest import FAKE_ENGINE


@pytest.fixture
def worker(qtbot: QtBot) -> Iterator[Worker]:
    worker = Worker(FAKE_ENGINE, restart=True)
    worker.start()
    qtbot.waitUntil(lambda: worker.state == "ready", timeout=20_000)
    yield worker
    worker.stop()


def ask(qtbot: QtBot, worker: Worker, method: str, **params: object) -> tuple[str, object]:
    """The outcome of a request: ``result`` or ``error`` and what came with it."""
    events: list[tuple[str, object]] = []
    worker.request(
        method,
        params,
        lambda result: events.append(("result", result)),
        lambda reason: events.append(("error", reason)),
    )
    qtbot.waitUntil(lambda: bool(events), timeout=20_000)
    return events[0]


def test_a_request_is_answered(qtbot: QtBot, worker: Worker) -> None:
    assert ask(qtbot, worker, "echo", text="grün × 2") == ("result", {"text": "grün × 2"})
    assert worker.state == "ready"


def test_many_requests_get_their_own_answers(qtbot: QtBot, worker: Worker) -> None:
    results: dict[int, int] = {}
    for number in range(200):
        worker.request("echo", {"n": number}, lambda result, number=number: results.update({number: result["n"]}))
    assert worker.state == "busy"
    qtbot.waitUntil(lambda: len(results) == 200)
    assert all(key == value for key, value in results.items())


def test_an_answer_of_a_megabyte_arrives_whole(qtbot: QtBot, worker: Worker) -> None:
    kind, answer = ask(qtbot, worker, "long")
    assert kind == "result"
    assert len(answer["lines"]) == 12_000


def test_an_error_is_one_sentence_and_the_trace_is_kept(qtbot: QtBot, worker: Worker) -> None:
    reasons: list[str] = []
    request = worker.request("fail", {}, lambda _: None, reasons.append)
    qtbot.waitUntil(lambda: bool(reasons))
    assert reasons == ["this went wrong"]
    assert request.trace.startswith("Traceback")
    assert ask(qtbot, worker, "echo", n=1) == ("result", {"n": 1})


def test_progress_comes_before_the_result(qtbot: QtBot, worker: Worker) -> None:
    results: list[object] = []
    worker.request(
        "slow",
        {},
        lambda result: results.append(result),
        None,
        lambda share, text: results.append((round(share, 2), text)),
    )
    qtbot.waitUntil(lambda: bool(results) and isinstance(results[-1], dict))
    assert results == [(0.0, "step 0"), (0.33, "step 1"), (0.67, "step 2"), {"done": True}]


def test_a_cancelled_request_is_forgotten_and_the_worker_told(qtbot: QtBot, worker: Worker) -> None:
    results: list[object] = []
    request = worker.request("echo", {}, results.append)
    request.cancel()
    assert not request.open
    assert ask(qtbot, worker, "cancelled") == ("result", {"ids": [request.id]})
    assert results == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_killed_worker_fails_what_was_asked_and_is_started_again(qtbot: QtBot, worker: Worker) -> None:
    states: list[str] = []
    worker.request("hang", {}, lambda _: None, states.append)
    before = worker.pid
    os.kill(before, signal.SIGKILL)
    qtbot.waitUntil(lambda: bool(states))
    assert "stopped" in states[0]
    assert worker.state == "restarting"
    qtbot.waitUntil(lambda: worker.state == "ready", timeout=20_000)
    assert worker.pid != before
    assert ask(qtbot, worker, "echo", n=2) == ("result", {"n": 2})


def test_the_last_line_of_stderr_says_why(qtbot: QtBot, worker: Worker) -> None:
    kind, reason = ask(qtbot, worker, "die")
    assert kind == "error"
    assert "out of memory" in str(reason)


def test_a_worker_that_always_dies_is_given_up(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "BACKOFF_MS", (1, 1, 1))
    worker = Worker([sys.executable, "-c", "import sys; sys.exit('no torch here')"], restart=True)
    states: list[tuple[str, str]] = []
    worker.state_changed.connect(lambda state, detail: states.append((state, detail)))
    worker.start()
    qtbot.waitUntil(lambda: worker.state == "off", timeout=20_000)
    assert [state for state, _ in states].count("restarting") == 3
    assert states[-1] == ("off", "no torch here")
    assert ask(qtbot, worker, "echo") == ("error", "the engine is not running")


def test_a_command_that_does_not_exist_is_off(qtbot: QtBot) -> None:
    worker = Worker(["/does/not/exist"])
    worker.start()
    qtbot.waitUntil(lambda: worker.state == "off")
    worker.stop()


def test_stop_ends_a_worker_that_does_not_listen(qtbot: QtBot, worker: Worker) -> None:
    worker.request("hang", {}, lambda _: None)
    worker.stop()
    assert not worker.running
    assert worker.state == "off"


def test_stray_prints_are_kept_with_the_log(worker: Worker) -> None:
    assert "a stray print of a library" in worker.stderr
