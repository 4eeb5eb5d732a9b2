"""Columns of the table of runs: values, text, order and filter."""

from pathlib import Path

import pytest

from composer.core.errors import UserError
from composer.core.files.run_notes import RunNotes, write_notes
from composer.core.run_columns import COLUMNS, column, column_keys, filter_rows, sort_rows, write_time
from composer.core.run_table import RunRow, read_row
from tests.core.run_files import write_run


@pytest.fixture
def rows(tmp_path: Path) -> list[RunRow]:
    a = write_run(tmp_path / "alpha", best=0.91, test=0.9, lr=0.01, optimizer="sgd")
    b = write_run(tmp_path / "beta", best=0.7, lr=0.1, state="failed", settings={"costs": {"params": 5_000_000}})
    c = write_run(tmp_path / "gamma", best=None, lr=0.001, data={"name": "images", "folder": "my photos"})
    write_notes(a, RunNotes("wide heads", ("good",)))
    del b, c
    return [read_row(tmp_path / name) for name in ("alpha", "beta", "gamma")]


def names(rows: list[RunRow]) -> list[str]:
    return [row.name for row in rows]


def test_every_column_writes_every_row(rows: list[RunRow], tmp_path: Path) -> None:
    (tmp_path / "alpha" / "state.json").write_text("{")
    (tmp_path / "empty").mkdir()
    for row in (*rows, read_row(tmp_path / "alpha"), read_row(tmp_path / "empty")):
        for key in column_keys(rows):
            assert isinstance(column(key).write(row), str)
    texts = {key: column(key).write(rows[0]) for key in (*COLUMNS, "lr", "optimizer")}
    assert texts["best"] == "91.0 %"
    assert texts["params"] == "1.5 k"
    assert texts["epoch"] == "3 / 3"
    assert (texts["lr"], texts["optimizer"], texts["tags"]) == ("0.01", "sgd", "good")
    assert column("test").write(rows[1]) == "-"


def test_rows_without_a_value_are_last_in_both_directions(rows: list[RunRow]) -> None:
    assert names(sort_rows(rows, "best")) == ["beta", "alpha", "gamma"]
    assert names(sort_rows(rows, "best", descending=True)) == ["alpha", "beta", "gamma"]
    assert names(sort_rows(rows, "lr")) == ["gamma", "alpha", "beta"]
    assert names(sort_rows(rows, "data.folder"))[0] == "gamma"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["alpha", "beta", "gamma"]),
        ("ALPHA", ["alpha"]),
        ("wide", ["alpha"]),
        ("images:my", ["gamma"]),
        ('"my photos"', ["gamma"]),
        ("best>=90%", ["alpha"]),
        ("best<0.9", ["beta"]),
        ("lr=1e-2", ["alpha"]),
        ("lr!=0.01", ["beta", "gamma"]),
        ("params>1M", ["beta"]),
        ("optimizer=SGD lr<1", ["alpha"]),
        ("state!=failed tags~goo", ["alpha"]),
        ("tags:good", ["alpha"]),
        ("data=images:nothing", []),
    ],
)
def test_filters(rows: list[RunRow], text: str, expected: list[str]) -> None:
    assert names(filter_rows(rows, text)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [("colour=red", "names no column"), ("lr<fast", "expected a number"), ('"open', "quotation mark that is not")],
)
def test_a_filter_that_cannot_work_is_refused_in_one_sentence(rows: list[RunRow], text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_rows(rows, text)


def test_a_time_that_no_calendar_has_is_empty() -> None:
    assert write_time(1e300) == ""
    assert write_time(0.0) == ""
    assert write_time(1_750_000_000.0).startswith("2025-06-1")
