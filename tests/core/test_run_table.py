"""The table of runs reads small files only; a damaged run is one row with its reason."""

import json
from pathlib import Path

import pytest

from composer.core.files.run_folder import DESIGN, SETTINGS, STATE
from composer.core.files.run_notes import RunNotes, write_notes
from composer.core.run_table import RunRowReader, flat_settings, read_row, run_folders
from tests.core.run_files import write_run


def test_a_row_holds_what_a_run_recorded(tmp_path: Path) -> None:
    data = {"name": "images", "folder": "photos"}
    settings = {"data": {"digest": "d", "classes": ["cat", "dog"]}}
    folder = write_run(tmp_path / "a", best=0.91, test=0.88, settings=settings, data=data, lr=0.02, seed=7)
    write_notes(folder, RunNotes("with wider\nheads", ("good", "paper")))
    row = read_row(folder)
    assert (row.name, row.problem, row.params, row.macs, row.classes) == ("a", "", 1500, 20_000, 2)
    assert (row.info.best, row.test, row.seed, row.data) == (0.91, 0.88, 7, "images:photos")
    assert row.settings["lr"] == 0.02
    assert row.settings["data.folder"] == "photos"
    assert row.settings["weight_decay"] == flat_settings({})["weight_decay"]  # not recorded: the default
    assert row.notes == RunNotes("with wider\nheads", ("good", "paper"))


def test_a_run_without_costs_and_test_still_has_a_row(tmp_path: Path) -> None:
    row = read_row(write_run(tmp_path / "a", best=None, settings={"costs": None}))
    assert (row.params, row.macs, row.test, row.info.best, row.problem) == (None, None, None, None, "")


def test_the_test_value_of_another_epoch_than_the_best_is_outdated(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", test=0.8)
    state = json.loads((folder / STATE).read_text())
    state["best"]["epoch"] = 3
    (folder / STATE).write_text(json.dumps(state))
    assert read_row(folder).test is None


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (SETTINGS, "{", "settings.json is damaged"),
        (SETTINGS, "[1]", "settings.json is damaged: it holds no JSON object"),
        (SETTINGS, '{"training": 3}', "settings.json is damaged: it holds no training settings"),
        (SETTINGS, None, "settings.json is missing"),
        (STATE, "\x00" * 40, "state.json is damaged"),
        (STATE, None, "state.json is missing"),
        (STATE, '{"epoch": Infinity}', "unexpected values"),
        (DESIGN, None, "design.yaml is missing"),
    ],
)
def test_a_damaged_run_is_a_row_with_the_reason(tmp_path: Path, name: str, content: str | None, reason: str) -> None:
    write_run(tmp_path / "good")
    bad = write_run(tmp_path / "bad")
    if content is None:
        (bad / name).unlink()
    else:
        (bad / name).write_text(content)
    rows = {row.name: row for row in RunRowReader().read(run_folders(tmp_path))}
    assert rows["good"].problem == ""
    assert reason in rows["bad"].problem
    assert rows["bad"].info.state == "damaged"
    assert rows["bad"].group == ""
    if name == SETTINGS:
        assert (rows["bad"].settings, rows["bad"].data, rows["bad"].seed) == ({}, "", None)


@pytest.mark.parametrize(
    "state",
    [
        {"state": 3, "epoch": "x", "best": 4},
        {"state": "done", "best": {"metric": {"name": "a"}, "value": "high", "epoch": 1}},
        {"state": "done", "best": {"metric": [], "value": 0.5, "epoch": 1}, "message": {"a": 1}},
        {"state": "training", "pid": -5, "host": 7},
    ],
)
def test_odd_values_never_break_the_table(tmp_path: Path, state: dict[str, object]) -> None:
    folder = write_run(tmp_path / "a")
    (folder / STATE).write_text(json.dumps(state))
    assert len(RunRowReader().read([folder])) == 1


def test_what_looks_like_a_run_is_listed(tmp_path: Path) -> None:
    run = write_run(tmp_path / "runs" / "a")
    other = tmp_path / "runs" / "other"
    other.mkdir()
    (other / SETTINGS).write_text("{}")  # one file alone may be anybody's
    (tmp_path / "runs" / "notes.txt").write_text("mine")
    assert run_folders(tmp_path / "runs") == [run]
    assert run_folders(run) == [run]
    assert run_folders(tmp_path / "nothing") == []


def test_unchanged_rows_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [write_run(tmp_path / name) for name in "abc"]
    table = RunRowReader()
    before = table.read(folders)
    reads: list[Path] = []
    monkeypatch.setattr("composer.core.run_table.read_row", lambda path: reads.append(path) or read_row(path))
    assert [id(row) for row in table.read(folders)] == [id(row) for row in before]
    assert reads == []
    write_notes(folders[1], RunNotes("changed"))
    assert [row.notes.text for row in table.read(folders)] == ["", "changed", ""]
    assert reads == [folders[1]]


def test_lists_and_old_values_of_settings_are_single_values() -> None:
    flat = flat_settings({"augment": ["flip", {"name": "erasing", "area": 0.2}], "unknown": 1, "lr": None})
    assert flat["augment"] == "flip, erasing (area 0.2)"
    assert flat["lr"] is None
    assert flat_settings({"augment": []})["augment"] == "none"
    assert flat_settings({"augment": False}) == flat_settings({"augment": []})
    assert flat_settings({"label_smoothing": 0.1})["objective.label_smoothing"] == 0.1


def test_what_is_stored_beside_the_training_makes_no_other_group(tmp_path: Path) -> None:
    rows = [read_row(write_run(tmp_path / str(every), keep_every=every, seed=every)) for every in (0, 2)]
    rows.append(read_row(write_run(tmp_path / "other", lr=0.5)))
    assert rows[0].group == rows[1].group != rows[2].group
