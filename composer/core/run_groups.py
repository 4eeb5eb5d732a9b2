"""Groups of runs that differ in nothing but the seed, their mean and spread, and the Pareto front of a set of runs."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TypeVar

from composer.core.run_records import MetricSpec
from composer.core.run_table import RunRow

T = TypeVar("T")
PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and sample standard deviation of the values of several runs.

    Args:
        mean: the mean.
        std: the standard deviation with n - 1 in the denominator; None for a single value.
        n: number of values.
    """

    mean: float
    std: float | None
    n: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> "Spread | None":
        """Return the spread of those values that are finite numbers; None if there are none."""
        finite = [value for value in values if value is not None and math.isfinite(value)]
        if not finite:
            return None
        return cls(fmean(finite), stdev(finite) if len(finite) > 1 else None, len(finite))

    def write(self, metric: MetricSpec) -> str:
        """Write mean and deviation for people, such as ``97.5 ± 0.3 %``."""
        if self.std is None:
            return metric.write(self.mean)
        if metric.unit == "%":
            return f"{100 * self.mean:.1f} {PLUS_MINUS} {100 * self.std:.1f} %"
        return f"{self.mean:.4g} {PLUS_MINUS} {self.std:.2g}"


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs that differ in nothing but the seed; a damaged run is a group of its own.

    Args:
        rows: its runs, newest first.
        metric: the metric of its values; None before the first epoch of the first run.
        best: the best validation values of its runs.
        test: the values on the test part.
    """

    rows: tuple[RunRow, ...]
    metric: MetricSpec | None
    best: Spread | None
    test: Spread | None

    @property
    def row(self) -> RunRow:
        """The newest run, whose settings but for the seed are those of all."""
        return self.rows[0]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in increasing order."""
        return tuple(sorted(row.seed for row in self.rows if row.seed is not None))


def group_runs(rows: Iterable[RunRow]) -> list[RunGroup]:
    """Group runs by everything but the seed, in the order of their first rows."""
    members: dict[str, list[RunRow]] = {}
    for row in rows:
        members.setdefault(row.group or str(row.info.path), []).append(row)
    return [_group(tuple(runs)) for runs in members.values()]


def _group(rows: tuple[RunRow, ...]) -> RunGroup:
    metric = next((row.info.metric for row in rows if row.info.metric is not None), None)
    comparable = [row for row in rows if row.info.metric == metric]
    best = Spread.of(row.info.best for row in comparable)
    return RunGroup(rows, metric, best, Spread.of(row.test for row in comparable))


def pareto_front(
    items: Iterable[T], cost: Callable[[T], float | None], value: Callable[[T], float | None], direction: str = "max"
) -> list[T]:
    """Return the items that no other one beats: none costs less with a value that is at least as good.

    Args:
        items: runs or groups.
        cost: what should be small, such as the MACs.
        value: what should be good, such as the share of right answers.
        direction: ``max`` or ``min``, whichever value is better.

    Returns:
        The front in the order of increasing cost; items without cost or value are left out.
    """
    sign = 1.0 if direction == "max" else -1.0
    points: list[tuple[float, float, T]] = []
    for item in items:
        x, y = cost(item), value(item)
        if x is not None and y is not None and math.isfinite(x) and math.isfinite(y):
            points.append((float(x), sign * float(y), item))
    points.sort(key=lambda point: (point[0], -point[1]))
    front: list[T] = []
    best = -math.inf
    for _, y, item in points:
        if y > best:
            front.append(item)
            best = y
    return front


def differing_settings(rows: Sequence[RunRow]) -> list[str]:
    """Return the keys of the settings in which some runs differ: the columns that tell them apart."""
    keys = dict.fromkeys(key for row in rows for key in row.settings)
    return [key for key in keys if len({row.settings.get(key) for row in rows if not row.problem}) > 1]
