"""The cells of groups of runs."""

from pathlib import Path

import pytest

from composer.core.files.run_notes import RunNotes, write_notes
from composer.core.run_cells import group_text, group_value
from composer.core.run_columns import column
from composer.core.run_groups import RunGroup, group_runs
from composer.core.run_table import RunRowReader
from tests.core.run_files import write_run


def three_seeds(folder: Path) -> RunGroup:
    for seed, best in enumerate((0.9, 0.92, 0.94)):
        write_run(folder / str(seed), best=best, seed=seed, state="failed" if seed == 1 else "done")
    write_notes(folder / "0", RunNotes("slow", ("paper",)))
    write_notes(folder / "2", RunNotes("", ("paper", "wide")))
    (group,) = group_runs(RunRowReader().read(folder / str(seed) for seed in range(3)))
    return group


def test_numbers_of_a_group_are_means(tmp_path: Path) -> None:
    group = three_seeds(tmp_path)
    assert group_text(column("best"), group) == "92.0 ± 2.0 %"
    assert group_value(column("best"), group) == pytest.approx(0.92)
    assert group_value(column("test"), group) is None
    assert group_text(column("test"), group) == "-"
    assert group_text(column("seconds"), group) == "mean 12 s"
    assert group_value(column("params"), group) == 1500


def test_what_the_runs_of_a_group_have_in_common_is_written_once(tmp_path: Path) -> None:
    group = three_seeds(tmp_path)
    texts = {key: group_text(column(key), group) for key in ("state", "seed", "params", "data", "tags", "notes")}
    assert texts == {
        "state": "2 done, 1 failed",
        "seed": "0, 1, 2",
        "params": "1.5 k",
        "data": "digits",
        "tags": "paper wide",
        "notes": "slow",
    }
    assert group_text(column("name"), group) == "several"


def test_a_group_of_one_has_the_cells_of_its_run(tmp_path: Path) -> None:
    (group,) = group_runs(RunRowReader().read([write_run(tmp_path / "alone", best=0.9, test=0.8)]))
    for key in ("name", "best", "test", "created", "lr"):
        assert group_text(column(key), group) == column(key).write(group.row)
        assert group_value(column(key), group) == column(key).value(group.row)
