"""Runs are grouped by everything but the seed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.core.run_groups import Spread, differing_settings, group_runs, pareto_front
from composer.core.run_records import MetricSpec
from composer.core.run_table import read_row
from tests.core.run_files import write_run

ACCURACY = MetricSpec("accuracy", "Accuracy", "%")


def test_runs_that_differ_only_in_the_seed_are_one_group(tmp_path: Path) -> None:
    rows = [read_row(write_run(tmp_path / f"s{seed}", best=0.9 + seed / 100, seed=seed)) for seed in range(3)]
    rows.append(read_row(write_run(tmp_path / "other lr", best=0.5, lr=0.5)))
    rows.append(read_row(write_run(tmp_path / "other network", design_hash="b" * 16)))
    rows.append(read_row(write_run(tmp_path / "other data", settings={"data": {"digest": "x"}})))
    groups = group_runs(rows)
    assert [len(group.rows) for group in groups] == [3, 1, 1, 1]
    first = groups[0]
    assert first.seeds == (0, 1, 2)
    assert first.best is not None
    assert (first.best.mean, first.best.std, first.best.n) == (pytest.approx(0.91), pytest.approx(0.01), 3)
    assert first.best.write(ACCURACY) == "91.0 ± 1.0 %"
    assert groups[1].best == Spread(0.5, None, 1)
    assert groups[1].best.write(ACCURACY) == "50.0 %"
    assert differing_settings(rows) == ["lr", "seed"]


def test_a_damaged_run_is_a_group_of_its_own(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / name) for name in "ab"]
    for folder in folders:
        (folder / "settings.json").write_text("")
    assert [len(group.rows) for group in group_runs(map(read_row, folders))] == [1, 1]


def test_a_run_before_its_first_epoch_counts_as_a_member_without_a_value(tmp_path: Path) -> None:
    rows = [read_row(write_run(tmp_path / "a", best=None, seed=1)), read_row(write_run(tmp_path / "b", seed=2))]
    group = group_runs(rows)[0]
    assert len(group.rows) == 2
    assert group.metric is not None
    assert group.best == Spread(0.9, None, 1)


def test_values_that_are_no_numbers_have_no_spread() -> None:
    assert Spread.of([None, float("nan"), float("inf")]) is None


@pytest.mark.parametrize("direction", ["max", "min"])
@given(points=st.lists(st.tuples(st.none() | st.integers(0, 9), st.none() | st.integers(0, 9)), max_size=12))
def test_no_point_beats_one_on_the_pareto_front(direction: str, points: list[tuple[int | None, int | None]]) -> None:
    front = pareto_front(points, lambda p: p[0], lambda p: p[1], direction)
    sign = 1 if direction == "max" else -1
    full = [(x, sign * y) for x, y in points if x is not None and y is not None]
    shown = [(x, sign * y) for x, y in front if x is not None and y is not None]
    assert shown == sorted(shown)
    assert len(shown) == len(front)

    def is_beaten(point: tuple[int, int]) -> bool:
        return any(a[0] <= point[0] and a[1] >= point[1] and a != point for a in full)

    assert not any(map(is_beaten, shown))
    assert {point for point in full if not is_beaten(point)} == set(shown)
