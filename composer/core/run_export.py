"""The table of runs for other programs: as plain values for JSON, and as CSV."""

import csv
import io
import time
from collections.abc import Sequence
from typing import Any

from composer.core.run_groups import RunGroup, Spread
from composer.core.run_table import RunRow


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
