"""The table of `netcomposer runs` as text."""

from collections.abc import Sequence

from composer.core.run_cells import group_text
from composer.core.run_columns import column, sort_rows
from composer.core.run_groups import RunGroup, differing_settings
from composer.core.run_table import RunRow
from composer.core.text_table import align

TEXT_COLUMNS = ("name", "state", "best", "test", "epoch", "params", "macs", "data", "seed", "created")
GROUP_COLUMNS = ("runs", "best", "test", "params", "macs", "data", "seed", "name")
# Settings in which the runs differ are columns too, as far as a line of a terminal has space for them.
MAX_SETTINGS = 4
MAX_CELL = 32
RUNS = "runs"


def ordered(rows: Sequence[RunRow], key: str | None, *, reverse: bool) -> list[RunRow]:
    """Return the rows in the order of a column: the best first for a metric, otherwise ascending.

    Args:
        rows: the rows, newest first.
        key: the column; None leaves the order.
        reverse: whether to turn the order around; rows without a value stay last.
    """
    if key is None:
        return list(reversed(rows)) if reverse else list(rows)
    metric = next((row.info.metric for row in rows if row.info.metric is not None), None)
    descending = key in ("best", "test") and metric is not None and metric.direction == "max"
    return sort_rows(rows, key, descending=descending != reverse)


def text_table(rows: Sequence[RunRow], columns: Sequence[str] = ()) -> list[str]:
    """Return the lines of a table of runs.

    Args:
        rows: the runs.
        columns: keys of the columns; by default the general ones, and the settings in which the runs differ.
    """
    keys = list(columns) or _default_columns(rows, TEXT_COLUMNS)
    entries = [column(key) for key in keys]
    table = [[entry.title for entry in entries]]
    table += [[_cut(entry.write(row)) for entry in entries] for row in rows]
    right = {index for index, entry in enumerate(entries) if entry.numeric}
    header, *lines = align(table, right=right)
    problems = [f"  {row.name}: {row.problem}" for row in rows if row.problem]
    return [header, *lines, *(["damaged:", *problems] if problems else [])]


def group_table(groups: Sequence[RunGroup], columns: Sequence[str] = ()) -> list[str]:
    """Return the lines of a table of groups of runs; arguments as in `text_table`."""
    rows = [row for group in groups for row in group.rows]
    keys = list(columns) or _default_columns(rows, GROUP_COLUMNS)
    entries = {key: column(key) for key in keys if key != RUNS}
    table = [[entries[key].title if key in entries else "Runs" for key in keys]]
    for group in groups:
        cells = {key: group_text(entry, group) for key, entry in entries.items()}
        cells[RUNS] = str(len(group.rows))
        cells["name"] = ", ".join(sorted(row.name for row in group.rows))
        table.append([_cut(cells[key]) for key in keys])
    right = {index for index, key in enumerate(keys) if key == RUNS or entries[key].numeric}
    return align(table, right=right)


def _default_columns(rows: Sequence[RunRow], keys: Sequence[str]) -> list[str]:
    filled = [
        key for key in keys if key in (RUNS, "best") or any(column(key).write(row) not in ("", "-") for row in rows)
    ]
    differing = [key for key in differing_settings(rows) if key not in ("seed", "epochs") and _is_not_data(key)]
    tags = ["tags"] if any(row.notes.tags for row in rows) else []
    return [*filled, *differing[:MAX_SETTINGS], *tags]


def _is_not_data(key: str) -> bool:
    return key != "data" and not key.startswith("data.")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"
