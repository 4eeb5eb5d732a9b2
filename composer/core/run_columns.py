"""The columns of the table of runs: the value of each, how it is written, sorted and filtered.

A column is named by its key: one of `COLUMNS`, or the key of a training setting, such as ``lr`` or ``data.folder``.
"""

import operator
import re
import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from composer.core import units
from composer.core.errors import UserError
from composer.core.number_text import parse_number
from composer.core.run_table import RunRow, Scalar
from composer.core.training_table import SETTINGS


@dataclass(frozen=True, slots=True)
class RunColumn:
    """A column.

    Args:
        key: its name in filters, files and settings.
        title: its heading.
        value: what it is sorted and filtered by; None if a run has no such value.
        write: the value for people.
        numeric: whether it is aligned to the right, and sorted downwards first.
    """

    key: str
    title: str
    value: Callable[[RunRow], Scalar]
    write: Callable[[RunRow], str]
    numeric: bool = False


def _count_column(key: str, title: str, value: Callable[[RunRow], int | None]) -> RunColumn:
    def write(row: RunRow) -> str:
        number = value(row)
        return "-" if number is None else units.count(number)

    return RunColumn(key, title, value, write, numeric=True)


def _text_column(key: str, title: str, value: Callable[[RunRow], str]) -> RunColumn:
    return RunColumn(key, title, value, value)


def write_metric(row: RunRow, value: float | None) -> str:
    """Write a value of the primary metric for people."""
    return row.info.metric.write(value) if row.info.metric is not None and value is not None else "-"


def write_time(moment: float) -> str:
    """Write a Unix time as ``2026-08-03 14:05`` in local time; empty for none."""
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment)) if moment else ""
    except (OverflowError, ValueError, OSError):  # a damaged file may hold any number
        return ""


def _short_path(text: str) -> str:
    """Return a dataset without the folders above its own.

    >>> _short_path("images:/home/me/photos"), _short_path("digits (split_seed 3)")
    ('images:…/photos', 'digits (split_seed 3)')
    """
    name, separator, value = text.partition(":")
    path = value.replace("\\", "/").rstrip("/")
    return f"{name}{separator}…/{path.rpartition('/')[2]}" if "/" in path else text


_COLUMNS = (
    _text_column("name", "Run", lambda row: row.name),
    _text_column("state", "State", lambda row: row.info.state),
    _text_column("metric", "Metric", lambda row: row.info.metric.name if row.info.metric is not None else ""),
    RunColumn("best", "Best", lambda row: row.info.best, lambda row: write_metric(row, row.info.best), numeric=True),
    RunColumn("test", "Test", lambda row: row.test, lambda row: write_metric(row, row.test), numeric=True),
    _count_column("params", "Params", lambda row: row.params),
    _count_column("macs", "MACs", lambda row: row.macs),
    RunColumn("data", "Data", lambda row: row.data, lambda row: _short_path(row.data)),
    _count_column("classes", "Classes", lambda row: row.classes),
    RunColumn(
        "epoch",
        "Epochs",
        lambda row: row.info.epoch,
        lambda row: f"{row.info.epoch} / {row.info.epochs}" if row.info.epochs else "-",
        numeric=True,
    ),
    RunColumn("seed", "Seed", lambda row: row.seed, lambda row: "-" if row.seed is None else str(row.seed), True),
    RunColumn("created", "Started", lambda row: row.info.created, lambda row: write_time(row.info.created), True),
    RunColumn("seconds", "Time", lambda row: row.info.seconds, lambda row: units.duration(row.info.seconds), True),
    _text_column("device", "Device", lambda row: row.info.device),
    _text_column("tags", "Tags", lambda row: " ".join(row.notes.tags)),
    _text_column("notes", "Notes", lambda row: " ".join(row.notes.text.split())),
    _text_column("problem", "Problem", lambda row: row.problem or row.info.message),
)
COLUMNS: Mapping[str, RunColumn] = {column.key: column for column in _COLUMNS}
_TITLES = {row.name: row.title for row in SETTINGS}


def column(key: str) -> RunColumn:
    """Return a column by its key; any other key is that of a training setting."""
    if key in COLUMNS:
        return COLUMNS[key]
    name = key.partition(".")[2] or key
    title = _TITLES.get(key, name.replace("_", " ").capitalize())
    numeric = any(row.name == key and row.spec.type in ("int", "float") for row in SETTINGS)

    def write(row: RunRow) -> str:
        value = row.settings.get(key)
        return f"{value:.4g}" if isinstance(value, float) else "-" if value is None else str(value)

    return RunColumn(key, title, lambda row: row.settings.get(key), write, numeric)


def column_keys(rows: Iterable[RunRow]) -> list[str]:
    """Return the keys of all columns that some runs have, the general ones first."""
    # Most runs have the same settings, so the sets of keys are few.
    settings = dict.fromkeys(tuple(row.settings) for row in rows)
    return list(dict.fromkeys([*COLUMNS, *(key for keys in settings for key in keys)]))


def sort_rows(rows: Iterable[RunRow], key: str, *, descending: bool = False) -> list[RunRow]:
    """Return rows in the order of a column; those without a value are last."""
    value = column(key).value

    def rank(row: RunRow) -> tuple[bool, float, str]:
        cell = value(row)
        if isinstance(cell, int | float):
            return (False, float(cell), "")
        return (True, 0.0, cell.casefold() if isinstance(cell, str) else "")

    present = [row for row in rows if value(row) not in (None, "")]
    absent = [row for row in rows if value(row) in (None, "")]
    return [*sorted(present, key=rank, reverse=descending), *absent]


_TERM = re.compile(r"(?P<key>[A-Za-z_][\w.]*)(?P<operator><=|>=|!=|[=<>~:])(?P<value>.*)", re.DOTALL)
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
FILTER_HELP = "words, and conditions such as lr<0.01, best>=90%, optimizer=adamw, tags~good, state!=failed"


def filter_rows(rows: Sequence[RunRow], text: str) -> list[RunRow]:
    """Return the rows that match every term of a filter.

    A term is a word that some text of the row contains, or a column, an operator (``= != < <= > >= ~``) and a value;
    ``~`` is "contains". Numbers may be written ``90%``, ``5M`` or ``1e-3``.

    Raises:
        UserError: if a quotation mark is not closed, a column is unknown, or a number was expected.
    """
    try:
        terms = shlex.split(text)
    except ValueError:
        raise UserError(
            f"the filter {text!r:.80} has a quotation mark that is not closed; add the second one"
        ) from None
    keys = column_keys(rows)
    tests = [_term_test(term, keys) for term in terms]
    return [row for row in rows if all(test(row) for test in tests)]


def _term_test(term: str, keys: Sequence[str]) -> Callable[[RunRow], bool]:
    match = _TERM.fullmatch(term)
    # A colon is part of words such as images:photos, and a condition only after a column's name.
    if match is None or (match["operator"] == ":" and match["key"] not in keys):
        word = term.casefold()
        return lambda row: word in _row_text(row)
    key, sign, wanted = match["key"], match["operator"], match["value"]
    if key not in keys:
        raise UserError(f"the filter {term!r:.80} names no column; columns are: {', '.join(keys)}")
    value = column(key).value
    if sign in _COMPARE:
        compare, limit = _COMPARE[sign], _number(wanted)
        if limit is None:
            raise UserError(f"the filter {term!r:.80} compares with {wanted!r:.40}, expected a number")
        return lambda row: isinstance(cell := value(row), int | float) and compare(float(cell), limit)
    if sign in "~:":
        return lambda row: wanted.casefold() in _text(value(row))
    return lambda row: _equals(value(row), wanted) == (sign == "=")


def _row_text(row: RunRow) -> str:
    parts = [_text(entry.value(row)) for entry in _COLUMNS if not entry.numeric]
    return "\n".join([*parts, *(_text(value) for value in row.settings.values() if isinstance(value, str))])


def _text(value: Scalar) -> str:
    return "" if value is None else str(value).casefold()


def _equals(value: Scalar, wanted: str) -> bool:
    number = _number(wanted)
    if number is not None and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) == number
    return _text(value) == wanted.casefold()


def _number(text: str) -> float | None:
    """Return a number as people write it: 90%, 5M, 1e-3."""
    text = text.strip()
    factor = {"%": 0.01, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text[-1:], 1.0)
    try:
        number = parse_number(text if factor == 1.0 else text[:-1])
    except ValueError:
        return None
    return None if number is None else number * factor
