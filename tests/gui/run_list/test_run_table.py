"""The table of runs in the window: groups, columns, filter, sorting, notes, and a thousand runs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from composer.core.errors import UserError
from composer.core.files.run_notes import RunNotes, read_notes
from composer.core.run_table import RunRow, RunRowReader
from composer.gui.panels.runs import RunsPanel
from composer.gui.run_list import run_model
from composer.gui.run_list.run_model import RunModel
from composer.gui.run_list.shown_columns import DEFAULT, saved_layout, shown_columns
from composer.gui.session.session import Session
from tests.core.run_files import write_run
from tests.gui.tiny import tiny

ASCENDING, DESCENDING = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


def three_setups(folder: Path) -> list[Path]:
    """Two setups of three and two seeds, and a single run."""
    runs = []
    for number, (lr, seed, best) in enumerate(
        ((0.1, 0, 0.9), (0.1, 1, 0.92), (0.1, 2, 0.94), (0.01, 0, 0.8), (0.01, 1, 0.7), (0.001, 0, 0.99))
    ):
        settings = {"created": 1.7e9 + number, "costs": {"params": 1000 * number, "macs": 10**number}}
        if lr == 0.1:
            settings["costs"] = {"params": 500, "macs": 7000}
        runs.append(write_run(folder / f"run-{number}", best=best, lr=lr, seed=seed, settings=settings))
    return runs


def read(folders: list[Path]) -> list[RunRow]:
    return RunRowReader().read(folders)


@pytest.fixture
def model(qapp: QApplication, tmp_path: Path) -> RunModel:
    model = RunModel(shown_columns(DEFAULT))
    model.set_rows(read(three_setups(tmp_path)))
    return model


def names(model: RunModel) -> list[str]:
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def opened(model: RunModel, row: int) -> QModelIndex:
    """Return a group after opening it."""
    group = model.index(row, 0)
    model.fetchMore(group)
    return group


def column_of(model: RunModel, key: str) -> int:
    return [shown.key for shown in model.columns].index(key)


def test_seeds_of_one_setup_are_one_line(model: RunModel, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(model, force_py=True)
    assert names(model) == ["run-5", "run-4  ×2", "run-2  ×3"]  # the newest first
    best = column_of(model, "best")
    assert model.index(2, best).data() == "92.0 ± 2.0 %"
    parent = opened(model, 2)
    assert [model.index(row, 0, parent).data() for row in range(model.rowCount(parent))] == [
        "seed 2",
        "seed 1",
        "seed 0",
    ]
    assert model.index(0, best, parent).data() == "94.0 %"
    assert model.index(1, best, parent).parent() == parent


def test_groups_sort_by_their_mean_and_runs_inside_by_their_own(model: RunModel) -> None:
    best = column_of(model, "best")
    model.sort(best, ASCENDING)
    assert names(model) == ["run-4  ×2", "run-2  ×3", "run-5"]
    assert model.rowCount(model.index(1, 0)) == 0  # until it is opened
    parent = opened(model, 1)
    assert [model.index(row, best, parent).data() for row in range(3)] == ["90.0 %", "92.0 %", "94.0 %"]
    model.sort(best, DESCENDING)
    assert names(model) == ["run-5", "run-2  ×3", "run-4  ×2"]
    assert model.headerData(best, Qt.Orientation.Horizontal) == "Best ↓"


def test_without_groups_each_run_is_a_line(model: RunModel, qtmodeltester: ModelTester) -> None:
    model.set_grouped(False)
    qtmodeltester.check(model, force_py=True)
    assert len(names(model)) == 6
    assert model.rowCount(model.index(0, 0)) == 0


def test_a_filter_leaves_what_matches_and_refuses_what_it_does_not_know(model: RunModel) -> None:
    model.set_filter("lr<0.05 best>=80%")
    assert names(model) == ["run-5", "run-3"]  # one seed of the group is left
    with pytest.raises(UserError, match="names no column"):
        model.set_filter("nonsense=3")
    assert names(model) == ["run-5", "run-3"]
    model.set_filter("")
    assert len(names(model)) == 3


def test_a_filter_by_an_option_that_no_run_has_any_more_matches_none(model: RunModel, tmp_path: Path) -> None:
    rows = read([write_run(tmp_path / "photos", data={"name": "images", "folder": "photos"})])
    model.set_rows([*model.rows, *rows])
    model.set_filter("data.folder=photos")
    assert names(model) == ["photos"]
    model.set_rows(model.rows[:3])
    assert names(model) == []
    model.set_filter("")
    assert names(model)


def test_an_update_changes_only_what_differs(model: RunModel, tmp_path: Path, qtbot: QtBot) -> None:
    reader = RunRowReader()
    folders = [tmp_path / f"run-{number}" for number in range(6)]
    model.set_rows(reader.read(folders))
    kept = QPersistentModelIndex(opened(model, 2))
    inserted, removed, changed, resets = [], [], [], []
    model.rowsInserted.connect(lambda parent, first, last: inserted.append((parent.row(), first, last)))
    model.rowsRemoved.connect(lambda parent, first, last: removed.append((parent.row(), first, last)))
    model.dataChanged.connect(lambda first, last: changed.append((first.parent().row(), first.row())))
    model.modelReset.connect(lambda: resets.append(True))
    model.set_rows(reader.read(folders))
    assert not (inserted or removed or changed)
    state = json.loads((folders[0] / "state.json").read_text())
    state["best"]["value"] = 0.96
    (folders[0] / "state.json").write_text(json.dumps(state))
    model.set_rows(reader.read(folders))
    assert sorted(changed) == [(-1, 2), (2, 2)]  # its group, and itself
    folders.append(write_run(tmp_path / "new", lr=0.1, seed=9, settings={"created": 1.8e9}))
    model.set_rows(reader.read(folders))
    assert inserted == [(0, 0, 0)]  # into its group, which is the newest now
    assert kept.isValid()
    assert kept.row() == 0
    model.set_rows(reader.read(folders[:4]))
    assert (-1, 1, 1) in removed or (-1, 1, 2) in removed
    assert not resets


def test_a_long_list_is_fetched_page_by_page(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtmodeltester: ModelTester
) -> None:
    monkeypatch.setattr(run_model, "PAGE", 10)
    folders = [write_run(tmp_path / str(n), lr=0.1 + n, settings={"created": 1.7e9 + n}) for n in range(25)]
    model = RunModel(shown_columns(DEFAULT))
    model._limit = 10
    model.set_rows(read(folders))
    assert model.rowCount() == 10
    assert model.canFetchMore()
    model.fetchMore()
    assert model.rowCount() == 20
    (index,) = model.find([folders[0]])  # the oldest
    assert index.row() == 24
    assert not model.canFetchMore()
    qtmodeltester.check(model, force_py=True)


def test_colours_are_drawn_in_the_lines_of_their_runs(model: RunModel, tmp_path: Path) -> None:
    changed: list[int] = []
    model.dataChanged.connect(lambda first, last: changed.append(first.row()))
    model.set_colors({tmp_path / "run-5": QColor("red")})
    assert changed == [0]
    model.set_colors({tmp_path / "run-5": QColor("red")})
    assert changed == [0]


# --- in the panel -----------------------------------------------------------------------------------------------------


@pytest.fixture
def session(qapp: QApplication) -> Iterator[Session]:
    session = Session(engine=None)
    session.document.apply(tiny(), "Start")
    yield session
    session.close()


@pytest.fixture
def panel(home: Path, session: Session, qtbot: QtBot) -> RunsPanel:
    three_setups(home / "runs")
    return shown_panel(session, qtbot)


def shown_panel(session: Session, qtbot: QtBot, lines: int = 3, width: int = 795) -> RunsPanel:
    panel = RunsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(width, 228)  # docked, in a window of 1366 x 768
    with qtbot.waitExposed(panel):
        panel.show()
    qtbot.waitUntil(lambda: panel.model.rowCount() == lines and not panel.scan.busy)
    return panel


def test_the_default_columns_fit_into_a_dock_of_a_small_window(panel: RunsPanel) -> None:
    table = panel.table
    assert table.horizontalScrollBar().maximum() == 0
    widths = [table.columnWidth(number) for number in range(len(DEFAULT))]
    assert sum(widths) <= table.viewport().width()
    texts = [
        (table.fontMetrics().horizontalAdvance(str(panel.model.index(line, number).data() or "")), widths[number])
        for line in range(3)
        for number in range(1, len(DEFAULT))
    ]
    assert all(text < width for text, width in texts)


def test_columns_sorting_and_grouping_are_remembered(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    panel.toggle_column("lr")
    panel.toggle_column("macs")
    panel.table.sortByColumn(column_of(panel.model, "lr"), ASCENDING)
    panel.set_grouped(False)
    layout = saved_layout()
    assert layout.columns == ("name", "state", "best", "params", "created", "lr")
    assert (layout.sort_key, layout.descending, layout.grouped) == ("lr", False, False)
    assert panel.model.rowCount() == 6
    panel.hide()
    again = shown_panel(session, qtbot, lines=6)
    assert [shown.key for shown in again.model.columns] == list(layout.columns)
    assert names(again.model)[0] == "run-5"  # of the lowest rate
    again._show_columns(DEFAULT)
    assert saved_layout().columns == DEFAULT


def test_a_damaged_layout_is_the_default(session: Session) -> None:
    from composer.gui.settings import settings

    for text in ("{", "[1]", '{"columns": 3, "widths": [1], "sort": null}'):
        settings().setValue("runs_table", text)
        assert saved_layout().columns == DEFAULT
        assert saved_layout().sort_key == "created"


def test_a_group_stays_open_and_selected_while_the_list_changes(
    panel: RunsPanel, home: Path, session: Session, qtbot: QtBot
) -> None:
    group = panel.model.index(2, 0)
    panel.table.expand(group)
    panel.table.select([home / "runs" / "run-1"])
    assert [path.name for path in panel.table.selected()] == ["run-1"]
    write_run(home / "runs" / "newest", lr=0.5, settings={"created": 1.9e9})
    panel.refresh()
    qtbot.waitUntil(lambda: panel.model.rowCount() == 4)
    assert [path.name for path in panel.table.selected()] == ["run-1"]
    assert panel.table.isExpanded(panel.model.index(3, 0))
    panel.toggle_column("lr")  # the columns are new, the lines are the same
    assert [path.name for path in panel.table.selected()] == ["run-1"]
    assert panel.table.isExpanded(panel.model.index(3, 0))
    qtbot.waitUntil(lambda: not panel.scan.busy)


def test_a_selected_group_stands_for_its_runs(panel: RunsPanel, qtbot: QtBot) -> None:
    at = panel.table.visualRect(panel.model.index(2, 1)).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: len(panel.overlay.curves) == 3)
    assert {row.name for row in panel.selected} == {"run-0", "run-1", "run-2"}
    assert not panel.resume_button.isEnabled()


def test_a_wrong_filter_marks_the_field_and_says_why(panel: RunsPanel, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.filter, "lr>x")
    qtbot.waitUntil(lambda: panel.filter.property("invalid") is True)
    assert "expected a number" in panel.filter.toolTip()
    assert panel.model.rowCount() == 3
    panel.filter.clear()
    qtbot.keyClicks(panel.filter, "lr<0.05")
    qtbot.waitUntil(lambda: panel.model.rowCount() == 2)
    assert panel.filter.property("invalid") is False


def test_a_filter_waits_for_the_first_run_with_its_column(panel: RunsPanel, home: Path, qtbot: QtBot) -> None:
    panel.filter.setText("data.folder=photos")
    qtbot.waitUntil(lambda: panel.filter.property("invalid") is True)
    write_run(home / "runs" / "photos", data={"name": "images", "folder": "photos"})
    panel.refresh()
    qtbot.waitUntil(lambda: names(panel.model) == ["photos"])
    assert panel.filter.property("invalid") is False
    qtbot.waitUntil(lambda: not panel.scan.busy)


def test_notes_and_tags_are_stored_with_the_run(panel: RunsPanel, home: Path, qtbot: QtBot) -> None:
    folder = home / "runs" / "run-5"
    panel.table.select([folder])
    qtbot.waitUntil(lambda: panel.details.text.isVisibleTo(panel.details))
    panel.edit_notes()
    panel.details.text.setPlainText("the best so far")
    panel.details.tags.setText("paper, final")
    panel.details.commit()
    qtbot.waitUntil(lambda: read_notes(folder) == RunNotes("the best so far", ("paper", "final")))
    panel.filter.setText("tags~final")
    qtbot.waitUntil(lambda: names(panel.model) == ["run-5"])
    qtbot.waitUntil(lambda: not panel.scan.busy)


def test_notes_follow_the_run_that_was_selected_while_they_were_typed(
    panel: RunsPanel, home: Path, qtbot: QtBot
) -> None:
    panel.table.select([home / "runs" / "run-5"])
    qtbot.waitUntil(lambda: panel.details._folder == home / "runs" / "run-5")
    panel.details.text.setPlainText("of the fifth")
    panel.table.select([home / "runs" / "run-3"])
    qtbot.waitUntil(lambda: panel.details._folder == home / "runs" / "run-3")
    qtbot.waitUntil(lambda: read_notes(home / "runs" / "run-5").text == "of the fifth")
    assert panel.details.text.toPlainText() == ""
    assert read_notes(home / "runs" / "run-3") == RunNotes()
    qtbot.waitUntil(lambda: not panel.scan.busy)


def test_notes_that_cannot_be_saved_are_reported(
    panel: RunsPanel, home: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path, notes: RunNotes) -> None:
        raise UserError("no space left on the disk")

    monkeypatch.setattr("composer.gui.panels.runs.write_notes", refuse)
    panel.table.select([home / "runs" / "run-5"])
    qtbot.waitUntil(lambda: panel.details._folder == home / "runs" / "run-5")
    panel.details.text.setPlainText("lost?")
    panel.details.commit()
    qtbot.waitUntil(lambda: panel.notice.text == "The notes are not saved: no space left on the disk")
    qtbot.waitUntil(lambda: not panel.scan.busy)


def test_the_details_of_several_runs_are_what_they_differ_in(panel: RunsPanel, home: Path, qtbot: QtBot) -> None:
    panel.table.select([home / "runs" / "run-3", home / "runs" / "run-5"])
    qtbot.waitUntil(lambda: panel.details.values.columnCount() == 3)
    values = panel.details.values
    lines = {
        values.topLevelItem(n).text(0): [values.topLevelItem(n).text(column) for column in (1, 2)]
        for n in range(values.topLevelItemCount())
    }
    assert lines["Learning rate"] == ["0.001", "0.01"]
    assert lines["Best"] == ["99.0 %", "80.0 %"]
    assert "Batch size" not in lines
    assert not panel.details.text.isVisibleTo(panel.details)


def test_a_double_click_opens_a_group_and_looks_into_a_run(
    panel: RunsPanel, session: Session, home: Path, qtbot: QtBot
) -> None:
    requested: list[str] = []
    session.panel_requested.connect(requested.append)
    (home / "runs" / "run-5" / "checkpoints").mkdir()
    (home / "runs" / "run-5" / "checkpoints" / "best.pt").write_bytes(b"weights")
    state = home / "runs" / "run-5" / "state.json"
    state.write_text(f"{state.read_text()} ")
    panel.refresh()
    qtbot.waitUntil(lambda: panel.rows[home / "runs" / "run-5"].info.has_weights)
    for row, is_group in ((2, True), (0, False)):
        at = panel.table.visualRect(panel.model.index(row, 1)).center()
        qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
        qtbot.waitUntil(lambda: not panel.table._selected_soon.isActive())
        qtbot.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=at)
        assert panel.table.isExpanded(panel.model.index(row, 0)) == is_group
    assert requested == ["attention"]
    qtbot.waitUntil(lambda: not panel.scan.busy)
