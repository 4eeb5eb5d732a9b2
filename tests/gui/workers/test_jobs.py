"""Long work in processes of its own: the engine stays free, a process is used again, a cancel ends it."""

from pytestqt.qtbot import QtBot

from composer.gui.session.session import Session


def test_a_process_is_used_again(live: Session, qtbot: QtBot) -> None:
    answers: list[dict[str, object]] = []
    first = live.jobs.start("echo", {"a": 1}, answers.append)
    qtbot.waitUntil(lambda: len(answers) == 1)
    second = live.jobs.start("echo", {"a": 2}, answers.append)
    assert second.worker is first.worker
    assert second.worker is not live.engine
    qtbot.waitUntil(lambda: answers == [{"a": 1}, {"a": 2}])


def test_two_pieces_run_beside_each_other_and_a_cancel_ends_a_process(live: Session, qtbot: QtBot) -> None:
    shares: list[float] = []
    answers: list[object] = []
    job = live.jobs.start("hang", {}, answers.append, answers.append, lambda share, _: shares.append(share))
    qtbot.waitUntil(lambda: bool(shares))
    live.jobs.start("echo", {}, answers.append)
    qtbot.waitUntil(lambda: answers == [{}])
    job.cancel()
    assert not job.worker.running
    job.cancel()
    assert answers == [{}]


def test_a_failure_has_a_sentence_and_a_trace(live: Session, qtbot: QtBot) -> None:
    reasons: list[str] = []
    job = live.jobs.start("fail", {}, lambda _: None, reasons.append)
    qtbot.waitUntil(lambda: reasons == ["this went wrong"])
    assert job.trace == "Traceback: here"
