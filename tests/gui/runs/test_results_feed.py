"""The results of a run are read in a thread, and again when a better epoch has replaced them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.core.files.run_folder import STATE, TEST_PREDICTIONS
from composer.gui.runs import results_feed
from composer.gui.runs.results_feed import ResultsFeed
from tests.core.run_files import write_run
from tests.gui.result_files import write_predictions


@pytest.fixture
def feed(qapp: QApplication) -> Iterator[ResultsFeed]:
    feed = ResultsFeed()
    yield feed
    feed.stop()


def epoch_of(feed: ResultsFeed) -> int:
    return feed.results.epoch if feed.results is not None else -1


def test_a_better_epoch_replaces_the_results(feed: ResultsFeed, tmp_path: Path, qtbot: QtBot) -> None:
    run = write_run(tmp_path / "run", state="training")
    with qtbot.waitSignal(feed.changed):
        feed.show_run(run)
    qtbot.waitUntil(lambda: feed.info is not None)
    assert (feed.results, feed.error, feed.parts) == (None, "", [])
    write_predictions(run, epoch=1)
    feed.check()
    qtbot.waitUntil(lambda: epoch_of(feed) == 1)
    write_predictions(run, epoch=2, labels=[0, 1, 2], predicted=[0, 1, 2], confidence=[1, 1, 1])
    feed.check()
    qtbot.waitUntil(lambda: epoch_of(feed) == 2)


def test_unchanged_files_are_not_read_again(
    feed: ResultsFeed, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = write_run(tmp_path / "run")
    write_predictions(run)
    feed.show_run(run)
    qtbot.waitUntil(lambda: feed.results is not None)
    results, reads = feed.results, []
    monkeypatch.setattr(results_feed, "read_results", lambda *arguments: reads.append(arguments))
    (run / STATE).write_text((run / STATE).read_text() + " ")
    with qtbot.assertNotEmitted(feed.changed):
        feed.check()
        qtbot.waitUntil(lambda: not feed._queue.busy)
    assert feed.results is results
    assert reads == []


def test_a_damaged_file_is_a_reason_until_it_is_replaced(feed: ResultsFeed, tmp_path: Path, qtbot: QtBot) -> None:
    run = write_run(tmp_path / "run")
    file = write_predictions(run)
    good = file.read_bytes()
    file.write_bytes(b"x")
    feed.show_run(run)
    qtbot.waitUntil(lambda: "damaged" in feed.error)
    file.write_bytes(good)
    feed.check()
    qtbot.waitUntil(lambda: feed.results is not None)
    assert feed.error == ""


def test_parts_are_shown_one_at_a_time(feed: ResultsFeed, tmp_path: Path, qtbot: QtBot) -> None:
    run = write_run(tmp_path / "run")
    write_predictions(run)
    write_predictions(run, name=TEST_PREDICTIONS, part="test", epoch=5)
    feed.show_run(run)
    qtbot.waitUntil(lambda: feed.results is not None)
    assert feed.parts == ["val", "test"]
    feed.show_run(run, "test")
    qtbot.waitUntil(lambda: epoch_of(feed) == 5)
    feed.show_run(None)
    assert (feed.results, feed.parts, feed.info) == (None, [], None)
