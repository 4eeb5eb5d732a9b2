"""The results panel: numbers, pictures of a cell, attention, live runs, measuring, and what it says without results."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.core.files.run_folder import STATE, TEST_PREDICTIONS
from composer.gui.panels.results import ResultsPanel
from composer.gui.session.session import Session
from tests.gui.result_files import LABELS, MISTAKES, write_predictions
from tests.gui.tiny import tiny, write_run


class FakeData:
    """Answers requests for samples immediately, without pictures."""

    def __init__(self) -> None:
        self.requests: list[tuple[Path, str, list[int]]] = []
        self.error = ""

    def run_samples(
        self,
        run: Path,
        part: str,
        indices: Sequence[int],
        size: int,
        on_result: Callable[[dict[str, Any]], None],
        on_error: Callable[[str], None],
    ) -> None:
        assert size >= 72
        self.requests.append((run, part, list(indices)))
        if self.error:
            on_error(self.error)
        else:
            on_result({"samples": [{"index": index, "png": ""} for index in indices]})


@pytest.fixture
def data(session: Session, monkeypatch: pytest.MonkeyPatch) -> FakeData:
    data = FakeData()
    monkeypatch.setattr(session.data, "run_samples", data.run_samples)
    return data


@pytest.fixture
def run(home: Path) -> Path:
    folder = write_run(home / "runs" / "pets", tiny())
    write_predictions(folder)
    return folder


@pytest.fixture
def panel(session: Session, data: FakeData, qapp: QApplication, qtbot: QtBot) -> Iterator[ResultsPanel]:
    panel = ResultsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(1200, 300)
    with qtbot.waitExposed(panel):
        panel.show()
    qtbot.waitUntil(lambda: not panel.scan.busy and not panel.feed.reading)
    yield panel
    panel.hide()
    panel.scan.stop()
    panel.feed.stop()


def filled(panel: ResultsPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: panel._pages.currentIndex() == 0 and panel.samples.gallery.thumbnail(0) is not None)


def names(panel: ResultsPanel) -> list[int]:
    return list(panel.samples.indices)


@pytest.mark.usefixtures("run")
def test_the_newest_run_is_shown_with_its_most_confident_mistakes(
    panel: ResultsPanel, data: FakeData, qtbot: QtBot
) -> None:
    filled(panel, qtbot)
    assert panel.headline.text() == "50.0 % correct"
    assert "8 validation samples" in panel.details.text()
    assert "epoch 3" in panel.details.text()
    assert panel.matrix.confusion is not None
    assert panel.classes.rows.scores[0].support == 3
    assert names(panel) == MISTAKES
    assert data.requests[-1][1:] == ("val", MISTAKES)
    assert panel.samples.title.text() == "4 mistakes, most confident first"
    assert panel.samples.gallery.thumbnail(0).label == "dog → fox\n95.0 %"


@pytest.mark.usefixtures("run")
def test_a_click_on_a_cell_shows_its_pictures(panel: ResultsPanel, data: FakeData, qtbot: QtBot) -> None:
    filled(panel, qtbot)
    point = panel.matrix.layout_of_cells.rect((0, 1)).center()
    qtbot.mouseClick(panel.matrix.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(round(point.x()), round(point.y())))
    qtbot.waitUntil(lambda: data.requests[-1][2] == [2, 1])
    assert panel.samples.title.text() == "2 of cat, predicted as dog"
    assert panel.cell.text() == "cat as dog: 2 of 3 (66.7 %)"
    assert panel.samples.gallery.thumbnail(0).label == "2.png\n80.0 %"
    qtbot.mouseClick(panel.samples.all_button, Qt.MouseButton.LeftButton)
    assert names(panel) == MISTAKES
    assert panel.cell.text() == ""
    assert not panel.samples.all_button.isVisible()


@pytest.mark.usefixtures("run")
def test_a_class_of_the_table_is_a_row_of_the_matrix(panel: ResultsPanel, qtbot: QtBot) -> None:
    filled(panel, qtbot)
    panel.classes.setFocus()
    panel.classes.selectRow(0)
    number = panel.classes.selected()
    assert number is not None
    assert panel.matrix.selected == (number, None)
    assert names(panel) == [index for index in MISTAKES if LABELS[index] == number]
    panel.matrix._choose((2, 2))
    assert panel.classes.selected() is None
    assert names(panel) == [6, 5]


def test_attention_is_shown_for_a_picture_of_the_run(
    panel: ResultsPanel, session: Session, run: Path, qtbot: QtBot
) -> None:
    panel.show_run(run)
    filled(panel, qtbot)
    assert not panel.samples.attention.isEnabled()
    opened: list[str] = []
    session.panel_requested.connect(opened.append)
    panel.samples.gallery.select(1)
    assert panel.samples.sample.text() == "pictures/2.png: true cat, predicted dog with 80.0 %"
    qtbot.mouseClick(panel.samples.attention, Qt.MouseButton.LeftButton)
    assert opened == ["attention"]
    assert session.selected_run == run
    assert session.selected_sample == {"sample": 2, "part": "val", "name": "pictures/2.png"}
    panel.samples.gallery.select(0)
    qtbot.keyClick(panel.samples.gallery, Qt.Key.Key_Return)
    assert session.selected_sample["sample"] == 4


@pytest.mark.usefixtures("run")
def test_predictions_without_pictures_are_still_listed(panel: ResultsPanel, data: FakeData, qtbot: QtBot) -> None:
    filled(panel, qtbot)
    data.error = "the folder photos is gone"
    panel.matrix._choose((0, 1))
    qtbot.waitUntil(lambda: panel.samples.problem.isVisible())
    assert panel.samples.problem.text() == "The pictures cannot be shown: the folder photos is gone"
    assert panel.samples.gallery.thumbnail(0) is not None
    data.error = ""
    panel.matrix._choose((2, 0))
    assert not panel.samples.problem.isVisible()


def test_a_better_epoch_is_shown_while_the_run_trains(panel: ResultsPanel, run: Path, qtbot: QtBot) -> None:
    panel.show_run(run)
    filled(panel, qtbot)
    panel.matrix._choose((2, 0))
    write_predictions(run, epoch=4, predicted=[0, 0, 0, 1, 1, 2, 2, 0])
    panel._on_event({"event": "metrics", "kind": "epoch"})
    qtbot.waitUntil(lambda: "epoch 4" in panel.details.text())
    assert panel.headline.text() == "87.5 % correct"
    assert panel.matrix.selected == (2, 0)  # the selection stays
    assert names(panel) == [7]


def test_a_run_that_is_starting_is_waited_for_and_then_listed(
    panel: ResultsPanel, session: Session, home: Path, qtbot: QtBot
) -> None:
    folder = home / "runs" / "new"
    session.runs.append(SimpleNamespace(folder=folder, active=True))  # type: ignore[arg-type]
    panel.show_run(folder)
    qtbot.waitUntil(lambda: not panel.feed.reading and panel.empty.heading.text() == "No results yet")
    assert not panel.empty.action.isVisible()
    write_predictions(write_run(folder, tiny(), state="training"))
    panel.feed.check()
    filled(panel, qtbot)
    qtbot.waitUntil(lambda: panel.run.currentData() == str(folder))
    session.runs.clear()


def test_the_test_part_is_offered_where_there_is_one(
    panel: ResultsPanel, run: Path, data: FakeData, qtbot: QtBot
) -> None:
    panel.show_run(run)
    filled(panel, qtbot)
    assert not panel.part.isVisible()
    write_predictions(run, name=TEST_PREDICTIONS, part="test", predicted=[0] * 8)
    (run / STATE).write_text((run / STATE).read_text() + " ")
    panel.feed.check()
    qtbot.waitUntil(lambda: panel.part.isVisible())
    panel.part.setCurrentIndex(1)
    panel.part.activated.emit(1)
    qtbot.waitUntil(lambda: panel.headline.text() == "37.5 % correct")
    qtbot.waitUntil(lambda: data.requests[-1][1] == "test")


def test_without_runs_it_leads_to_the_training(panel: ResultsPanel, session: Session, qtbot: QtBot) -> None:
    assert panel.empty.heading.text() == "No runs yet"
    opened: list[str] = []
    session.panel_requested.connect(opened.append)
    qtbot.mouseClick(panel.empty.action, Qt.MouseButton.LeftButton)
    assert opened == ["training"]


@pytest.mark.parametrize(
    ("state", "weights", "heading", "action"),
    [
        ("training", True, "No results yet", ""),
        ("failed", False, "No results", "Open the training panel"),
        ("done", True, "This run has stored no results", "Measure now"),
    ],
)
def test_a_run_without_results_says_why_and_what_to_do(
    panel: ResultsPanel, home: Path, qtbot: QtBot, state: str, weights: bool, heading: str, action: str
) -> None:
    run = write_run(home / "runs" / "bare", tiny(), state=state)
    if not weights:
        (run / "checkpoints" / "last.pt").unlink()
    panel.show_run(run)
    qtbot.waitUntil(lambda: panel.empty.heading.text() == heading)
    assert panel.empty.action.text() == action if action else not panel.empty.action.isVisible()


def test_a_damaged_file_is_a_sentence_and_can_be_measured_again(panel: ResultsPanel, run: Path, qtbot: QtBot) -> None:
    (run / "predictions.npz").write_bytes(b"torn")
    panel.show_run(run)
    qtbot.waitUntil(lambda: panel.empty.heading.text() == "The results cannot be read")
    assert panel.empty.hint.text().startswith("Predictions.npz of the run pets is damaged")
    assert panel.empty.action.text() == "Measure now"


class FakeJobs:
    """Takes one request, which a test answers."""

    def __init__(self) -> None:
        self.params: Mapping[str, Any] = {}
        self.cancelled = False

    def start(self, method: str, params: Mapping[str, Any], result: Any, error: Any, progress: Any) -> "FakeJobs":
        assert method == "evaluate"
        self.params, self.result, self.error, self.progress = params, result, error, progress
        return self

    def cancel(self) -> None:
        self.cancelled = True


def test_a_run_that_stored_nothing_can_be_measured(panel: ResultsPanel, home: Path, qtbot: QtBot) -> None:
    run = write_run(home / "runs" / "old", tiny())
    jobs = FakeJobs()
    panel.measurement._jobs = jobs  # type: ignore[assignment]
    panel.show_run(run)
    qtbot.waitUntil(lambda: panel.empty.action.text() == "Measure now" and panel.empty.action.isVisible())
    qtbot.mouseClick(panel.empty.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.empty.heading.text() == "Measuring the run …")
    jobs.progress(0.5, "")
    qtbot.waitUntil(lambda: panel.empty.progress.value() == 500)
    out = Path(jobs.params["out"])
    jobs.result({"file": str(write_predictions(out.parent, name=out.name))})
    qtbot.waitUntil(lambda: panel.headline.text() == "50.0 % correct")
    assert sorted(path.name for path in run.iterdir() if path.suffix == ".npz") == []
    assert not out.parent.exists()
    # An error is shown, and the run that is chosen next is not blamed for it.
    panel.measurement.start()
    jobs.error("the weights are gone")
    assert panel.measurement.error == "the weights are gone"
    other = write_run(home / "runs" / "other", tiny())
    panel.show_run(other)
    qtbot.waitUntil(lambda: panel.empty.heading.text() == "This run has stored no results")


@pytest.mark.usefixtures("run")
def test_themes_and_narrow_docks(panel: ResultsPanel, session: Session, qtbot: QtBot) -> None:
    filled(panel, qtbot)
    for mode in ("dark", "light"):
        session.set_theme(mode)
        for size in ((1200, 240), (360, 800)):
            panel.resize(*size)
            assert not panel.grab().isNull()


def test_every_run_but_a_damaged_one_is_listed(home: Path, session: Session, data: FakeData, qtbot: QtBot) -> None:
    for number in range(30):
        write_run(home / "runs" / f"r{number}", tiny(), created=1e9 + number)
    (home / "runs" / "r3" / "settings.json").write_text(json.dumps([]))
    panel = ResultsPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitUntil(lambda: panel.run.count() == 29, timeout=10_000)
    assert panel.run.currentData() == str(home / "runs" / "r29")
    panel.hide()
    panel.scan.stop()
    panel.feed.stop()
