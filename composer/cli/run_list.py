"""The table of `netcomposer runs`: as text, as JSON and as CSV."""

import csv
import io
import time
from collections.abc import Sequence
from typing import Any

from composer.core.run_cells import group_text
from composer.core.run_columns import column, sort_rows
from composer.core.run_groups import RunGroup, Spread, differing_settings
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


def row_json(row: RunRow) -> dict[str, Any]:
    """Return a run as plain values for scripts."""
    info = row.info
    return {
        "name": row.name,
        "path": str(info.path),
        "state": info.state,
        "metric": info.metric.name if info.metric is not None else None,
        "direction": info.metric.direction if info.metric is not None else None,
        "best": info.best,
        "best_epoch": info.best_epoch or None,
        "test": row.test,
        "params": row.params,
        "macs": row.macs,
        "data": row.data,
        "classes": row.classes,
        "epoch": info.epoch,
        "epochs": info.epochs,
        "seed": row.seed,
        "created": info.created,
        "seconds": info.seconds,
        "device": info.device,
        "tags": list(row.notes.tags),
        "notes": row.notes.text,
        "problem": row.problem or info.message,
        "settings": dict(row.settings),
    }


def group_json(group: RunGroup) -> dict[str, Any]:
    """Return a group as plain values for scripts."""
    shared = row_json(group.row)
    return {
        "n": len(group.rows),
        "runs": [row.name for row in group.rows],
        "seeds": list(group.seeds),
        "metric": group.metric.name if group.metric is not None else None,
        "direction": group.metric.direction if group.metric is not None else None,
        "best": _spread_json(group.best),
        "test": _spread_json(group.test),
        **{key: shared[key] for key in ("params", "macs", "data", "classes")},
        "settings": {key: value for key, value in group.row.settings.items() if key != "seed"},
    }


def _spread_json(spread: Spread | None) -> dict[str, Any] | None:
    return None if spread is None else {"mean": spread.mean, "std": spread.std, "n": spread.n}


def csv_text(items: Sequence[dict[str, Any]]) -> str:
    """Return the rows of `row_json` or `group_json` as CSV, with one column for each setting and part of a value."""
    flat = [_flatten(item) for item in items]
    names = list(dict.fromkeys(name for row in flat for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return buffer.getvalue()


def _flatten(item: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, dict):
            prefix = "training." if name == "settings" else f"{name}_"
            flat |= {f"{prefix}{key}": part for key, part in value.items()}
        elif isinstance(value, list):
            flat[name] = " ".join(map(str, value))
        elif name == "created":
            flat[name] = _iso_time(value)
        else:
            flat[name] = value
    return flat


def _iso_time(moment: float) -> str:
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment)) if moment else ""
    except (OverflowError, ValueError, OSError):
        return ""
