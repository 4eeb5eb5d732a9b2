"""The table of runs: one row for each run folder, read without torch; the command line and the window show the same.

A damaged run is a row with the reason: it never hides the others. `run_columns` names the values of a row, `run_groups`
summarizes runs that differ in nothing but their seed.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.extension_text import parse_reference
from composer.core.files.run_folder import (
    ACTIVE,
    DESIGN,
    METRICS,
    SETTINGS,
    STATE,
    RunInfo,
    read_run,
)
from composer.core.files.run_notes import NOTES, RunNotes, read_notes
from composer.core.graph import Training
from composer.core.json_text import load_json
from composer.core.run_records import tested_metrics
from composer.core.training_extensions import EXTENSIONS
from composer.core.training_table import GROUPS

SEED = "seed"
DAMAGED = "damaged"
# Settings that runs of one group may differ in: the seed, and what is stored beside the training.
UNGROUPED = frozenset({SEED, *GROUPS["Records"]})
# Files of which a folder must have two, so that one whose settings or design are gone is listed as a damaged run.
_SIGNS = (SETTINGS, STATE, METRICS, DESIGN)

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the table.

    Args:
        info: the contents of its small files.
        settings: its training settings by key, such as ``lr`` or ``data.folder``.
        params: parameters of the network; None if the run has not recorded them.
        macs: multiply-adds of one sample; None if the run has not recorded them.
        classes: number of classes of the data; None if it is not recorded.
        test: value of the primary metric on the test part, at the best epoch; None if it was not measured.
        notes: what a person has written about it.
        group: equal for runs that differ in nothing but the seed; empty for a damaged run.
        problem: why the run is damaged; empty if it is not.
    """

    info: RunInfo
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    params: int | None = None
    macs: int | None = None
    classes: int | None = None
    test: float | None = None
    notes: RunNotes = field(default_factory=RunNotes)
    group: str = ""
    problem: str = ""

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.info.name

    @property
    def data(self) -> str:
        """The dataset, with its options: ``digits``, ``images:photos``."""
        return extension_title("data", self.settings)

    @property
    def seed(self) -> int | None:
        """The seed; None if it is not recorded."""
        seed = self.settings.get(SEED)
        return seed if isinstance(seed, int) else None


class RunRowReader:
    """Reads rows, and again only those whose files have changed.

    It may be used in a thread of its own, but by one at a time.
    """

    def __init__(self) -> None:
        self._cache: dict[Path, tuple[tuple[tuple[int, int], ...], RunRow]] = {}

    def read(self, folders: Iterable[Path]) -> list[RunRow]:
        """Return a row for each folder, newest first; rows of unchanged runs are the same objects as before."""
        rows = []
        cache: dict[Path, tuple[tuple[tuple[int, int], ...], RunRow]] = {}
        for folder in dict.fromkeys(folders):
            stamps = tuple(_stamp(folder / name) for name in (SETTINGS, STATE, DESIGN, NOTES))
            cached = self._cache.get(folder)
            # Whether an active run is still being trained is not in its files.
            if cached is None or cached[0] != stamps or cached[1].info.state in ACTIVE:
                row = read_row(folder)
                cached = (stamps, cached[1] if cached is not None and cached[1] == row else row)
            cache[folder] = cached
            rows.append(cached[1])
        self._cache = cache
        return sorted(rows, key=lambda row: (-row.info.created, row.name))


def run_folders(root: Path) -> list[Path]:
    """Return the runs in a folder, damaged ones included; the folder itself if it is a run.

    Early versions and killed copies may lack a file, so a folder counts as a run if it has two of a run's files.
    """
    if _looks_like_run(root):
        return [root]
    try:
        return sorted(path for path in root.iterdir() if _looks_like_run(path))
    except OSError:
        return []


def read_row(folder: Path) -> RunRow:
    """Read a run; whatever is wrong with it becomes the problem of the row, beside what can be read."""
    try:
        info, problem = read_run(folder), ""
    except (ValueError, OverflowError, TypeError, AttributeError, KeyError) as error:
        info, problem = RunInfo(folder), f"its files hold unexpected values: {error}"
    (settings, fault), (state, flaw) = _read_object(folder / SETTINGS), _read_object(folder / STATE)
    if not fault and not isinstance(settings.get("training"), Mapping):
        fault = f"{SETTINGS} is damaged: it holds no training settings"
    missing = "" if (folder / DESIGN).is_file() else f"{DESIGN} is missing"
    problem = next((text for text in (fault, flaw, missing, problem) if text), "")
    if problem:
        created = info.created or _time_of(folder)
        info = replace(info, state=DAMAGED, created=created)
    training, data, costs = (_mapping(settings.get(key)) for key in ("training", "data", "costs"))
    flat, classes = flat_settings(training) if training else {}, data.get("classes")
    return RunRow(
        info=info,
        settings=flat,
        params=_count(costs.get("params")),
        macs=_count(costs.get("macs")),
        classes=len(classes) if isinstance(classes, list) else _count(classes),
        test=_test_value(state, info),
        notes=read_notes(folder),
        group="" if problem else _group_key(info, flat, data.get("digest")),
        problem=f"{' '.join(problem.split()):.200}",
    )


@cache
def _defaults() -> dict[str, Any]:
    """Return the default settings; they read the declared extensions, which must not hold up whoever imports this."""
    return training_settings.to_plain(Training())


def flat_settings(training: Mapping[str, Any]) -> dict[str, Scalar]:
    """Return training settings by key; those that a run did not record have their defaults.

    >>> flat_settings({"lr": 0.1, "data": {"name": "images", "folder": "photos"}})["data.folder"]
    'photos'
    """
    flat: dict[str, Scalar] = {}
    try:  # one form for what early versions wrote otherwise
        plain: Mapping[str, Any] = training_settings.to_plain(training_settings.from_plain(training))
    except (UserError, TypeError, ValueError, AttributeError):  # settings of another version
        plain = {**_defaults(), **training}
    for name, value in plain.items():
        if name in EXTENSIONS and isinstance(value, str):
            reference = parse_reference(name, value)
            value = {"name": reference.name, **reference.options}
        if isinstance(value, Mapping):
            flat[name] = str(value.get("name", ""))
            flat |= {f"{name}.{key}": _scalar(part) for key, part in value.items() if key != "name"}
        else:
            flat[name] = _scalar(value)
    return flat


def extension_title(name: str, settings: Mapping[str, Scalar]) -> str:
    """Return the extension that a setting names, with its options.

    >>> extension_title("data", {"data": "images", "data.folder": "photos"})
    'images:photos'
    >>> extension_title("data", {"data": "digits", "data.split_seed": 3, "data.size": 8})
    'digits (split_seed 3, size 8)'
    """
    title = settings.get(name)
    options = {key.partition(".")[2]: value for key, value in settings.items() if key.startswith(f"{name}.")}
    if len(options) == 1 and isinstance(value := next(iter(options.values())), str):
        return f"{title}:{value}"
    listed = ", ".join(f"{key} {value}" for key, value in options.items())
    return f"{title} ({listed})" if listed else str(title or "")


def _scalar(value: object) -> Scalar:
    """Return a setting as one value that can be shown, sorted and compared."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(str(_scalar(item)) for item in value) or "none"
    if isinstance(value, Mapping):
        name = value.get("name")
        options = ", ".join(f"{key} {_scalar(part)}" for key, part in value.items() if key != "name")
        return f"{name} ({options})" if name and options else str(name or options or "none")
    return str(value)


def _group_key(info: RunInfo, settings: Mapping[str, Scalar], data_digest: object) -> str:
    """Return a text that is equal for runs of one network, one dataset and equal settings, whatever their seeds."""
    rest = {key: value for key, value in settings.items() if key not in UNGROUPED}
    return json.dumps([info.network.key, rest, str(data_digest or "")], sort_keys=True)


def _test_value(state: Mapping[str, Any], info: RunInfo) -> float | None:
    """Return the primary metric on the test part; None if it was not measured for the best epoch."""
    if info.metric is None or (tested := tested_metrics(state)) is None:
        return None
    metrics, epoch = tested
    return metrics.get(info.metric.name) if epoch == info.best_epoch else None


def _read_object(path: Path) -> tuple[dict[str, Any], str]:
    """Return a JSON object, and why there is none; the reason is empty if there is one."""
    try:
        value = load_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, f"{path.name} is missing"
    except OSError as error:
        return {}, f"{path.name} cannot be read: {error.strerror or error}"
    except ValueError as error:
        return {}, f"{path.name} is damaged: {error}"
    return (value, "") if isinstance(value, dict) else ({}, f"{path.name} is damaged: it holds no JSON object")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _looks_like_run(folder: Path) -> bool:
    return sum(os.path.isfile(folder / name) for name in _SIGNS) >= 2  # noqa: PTH113 - a third of the time of Path


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, -1)
    return (status.st_mtime_ns, status.st_size)


def _time_of(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
