"""The cells of the table of runs for a group of runs: mean and spread, or what its runs have in common."""

import math
from collections import Counter
from statistics import fmean

from composer.core import units
from composer.core.run_columns import RunColumn
from composer.core.run_groups import RunGroup, Spread
from composer.core.run_table import SEED, Scalar

# More seeds than this are written as a range.
LISTED_SEEDS = 4
SEVERAL = "several"


def group_value(column: RunColumn, group: RunGroup) -> Scalar:
    """Return what a group is sorted by in a column: a mean for numbers, otherwise the common value.

    Returns:
        None if no run of the group has a value.
    """
    if len(group.rows) == 1:
        return column.value(group.row)
    if (spread := _spread(column, group)) is not None:
        return spread.mean
    values = [column.value(row) for row in group.rows]
    if column.numeric:
        numbers = [value for value in values if isinstance(value, int | float) and math.isfinite(value)]
        summarize = max if column.key == "created" else fmean
        return summarize(numbers) if numbers else None
    return values[0] if len(set(values)) == 1 else group_text(column, group)


def group_text(column: RunColumn, group: RunGroup) -> str:
    """Return the text of a group in a column, such as ``97.5 ± 0.3 %`` or ``2 done, 1 failed``."""
    if len(group.rows) == 1:
        return column.write(group.row)
    spread = _spread(column, group)
    if spread is not None and group.metric is not None:
        return spread.write(group.metric)
    if column.key == SEED:
        return _seeds(group.seeds)
    if column.key == "created":
        return column.write(max(group.rows, key=lambda row: row.info.created))
    if column.key == "seconds":
        return f"mean {units.duration(fmean(row.info.seconds for row in group.rows))}"
    if column.key == "tags":
        return " ".join(dict.fromkeys(tag for row in group.rows for tag in row.notes.tags))
    texts = Counter(column.write(row) for row in group.rows)
    if len(texts) == 1:
        return next(iter(texts))
    if column.key == "state":
        return ", ".join(f"{number} {text}" for text, number in texts.most_common())
    present = [text for text in texts if text not in ("", "-")]
    return present[0] if len(present) == 1 else SEVERAL


def _spread(column: RunColumn, group: RunGroup) -> Spread | None:
    return {"best": group.best, "test": group.test}.get(column.key)


def _seeds(seeds: tuple[int, ...]) -> str:
    """Write seeds as people do.

    >>> _seeds((0, 1, 2)), _seeds((0, 1, 2, 3, 4, 7))
    ('0, 1, 2', '0 to 7')
    """
    if len(seeds) <= LISTED_SEEDS:
        return ", ".join(map(str, seeds)) or "-"
    return f"{seeds[0]} to {seeds[-1]}"
