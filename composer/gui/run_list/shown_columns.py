"""The columns of the table of runs in the window: those of the command line in fewer words, and which ones are shown.

The folder of a run that the window started has a name with the time in it; the window shows name and time apart.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from composer.core.json_text import load_json
from composer.core.run_columns import COLUMNS, RunColumn, column
from composer.core.run_table import RunRow
from composer.gui.runs import run_library
from composer.gui.settings import settings

DEFAULT = ("name", "state", "best", "params", "macs", "created")
KEY = "runs_table"


def _day(row: RunRow) -> str:
    """Return the time of a run of today, the day of one of this year, otherwise the month and year."""
    if not row.info.created:
        return ""
    then, now = time.localtime(row.info.created), time.localtime()
    if then[:3] == now[:3]:
        return time.strftime("%H:%M", then)
    month = time.strftime("%b", then)
    return f"{then.tm_mday} {month}" if then.tm_year == now.tm_year else f"{month} {then.tm_year}"


_WRITERS: Mapping[str, Callable[[RunRow], str]] = {
    "name": lambda row: run_library.short_name(row.info),
    "state": lambda row: row.info.state.capitalize(),
    "created": _day,
}


# Above icons, and above short texts.
_TITLES = {"state": "", "created": "When"}


def shown_column(key: str) -> RunColumn:
    """Return a column as the window writes it."""
    shared = column(key)
    return replace(shared, title=_TITLES.get(key, shared.title), write=_WRITERS.get(key, shared.write))


def shown_columns(keys: Iterable[str]) -> list[RunColumn]:
    """Return columns by their keys, that of the names first."""
    return [shown_column(key) for key in dict.fromkeys(["name", *keys])]


def choices(keys: Sequence[str]) -> tuple[list[RunColumn], list[RunColumn]]:
    """Divide the columns that some runs have into those that all runs have and those of training settings."""
    columns = [column(key) for key in keys if key != "name"]
    return [entry for entry in columns if entry.key in COLUMNS], [
        entry for entry in columns if entry.key not in COLUMNS
    ]


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How the user has set up the table.

    Args:
        columns: keys of the columns.
        sort_key: the column that it is sorted by.
        descending: whether from high to low.
        grouped: whether the seeds of one setup are one line.
        widths: widths that the user has given to columns, by key.
    """

    columns: tuple[str, ...] = DEFAULT
    sort_key: str = "created"
    descending: bool = True
    grouped: bool = True
    widths: Mapping[str, int] | None = None

    def save(self) -> None:
        """Remember it for the next start."""
        values = {
            "columns": list(self.columns),
            "sort": self.sort_key,
            "descending": self.descending,
            "grouped": self.grouped,
            "widths": dict(self.widths or {}),
        }
        settings().setValue(KEY, json.dumps(values))


def saved_layout() -> TableLayout:
    """Return the layout that was saved last; what is missing or damaged has its default."""
    try:
        values: Any = load_json(str(settings().value(KEY, "{}")))
    except ValueError:
        values = {}
    values = values if isinstance(values, dict) else {}
    keys, widths = values.get("columns"), values.get("widths")
    return TableLayout(
        tuple(str(key) for key in keys) if isinstance(keys, list) and keys else DEFAULT,
        str(values.get("sort") or "created"),
        values.get("descending") is not False,
        values.get("grouped") is not False,
        {str(key): width for key, width in widths.items() if isinstance(width, int)}
        if isinstance(widths, dict)
        else {},
    )
