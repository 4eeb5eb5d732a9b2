"""Data that has changed since a run began: other classes or counts are another experiment, other files a warning."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from composer.core import training_settings
from composer.core.data_facts import DataFacts
from composer.core.errors import UserError
from composer.core.extension_text import plain_reference
from composer.core.graph import Training
from composer.core.name_list import list_names
from composer.engine.training.storage.run import Run


def check_data(folder: Path, recorded: object, current: Mapping[str, Any]) -> str | None:
    """Compare the data of a run that is resumed with what its settings recorded.

    Args:
        folder: the run, for messages.
        recorded: the record in its settings; anything else than a mapping is that of an early version, without one.
        current: the record of the data as it is now.

    Returns:
        A warning if the samples differ; None if they are the same, or that is not known.

    Raises:
        UserError: if classes or numbers of samples differ.
    """
    if not isinstance(recorded, Mapping):
        return None
    before, after = list(recorded.get("classes") or ()), list(current["classes"])
    if before != after:
        raise UserError(
            f"{folder} was trained on {_classes(before)}, but {current['source']} has {_classes(after)} now "
            f"({_difference(before, after)}); put the data back, or start a new run"
        )
    counts = recorded.get("counts") or {}
    changes = [
        f"{part} {counts.get(part, 0)} → {current['counts'].get(part, 0)}"
        for part in dict.fromkeys((*counts, *current["counts"]))
        if counts.get(part, 0) != current["counts"].get(part, 0)
    ]
    if changes:
        raise UserError(
            f"{folder}: the number of samples of {current['source']} has changed since the run began "
            f"({', '.join(changes)}); put the data back, or start a new run"
        )
    if recorded.get("digest") and current["digest"] and recorded["digest"] != current["digest"]:
        return (
            f"files of {current['source']} have changed since {folder} began (classes and numbers of samples are the "
            "same): the epochs from here on are trained on other samples than those before"
        )
    return None


def check_resumed_data(run: Run, settings: Training, facts: DataFacts) -> str | None:
    """Compare the data of a run that is resumed with what its settings recorded, and record where it is now.

    Returns:
        A warning if the samples differ; None if they are the same, or that is not known.

    Raises:
        UserError: if the result would be another run.
    """
    values = run.settings()
    warning = check_data(run.path, values.get("data"), facts.run_record())
    if training_settings.from_plain(values["training"]).data != settings.data:
        check_moved(run.path, values.get("data"), facts.run_record())
        run.move_data(plain_reference("data", settings.data))
    return warning


def check_moved(folder: Path, recorded: object, current: Mapping[str, Any]) -> None:
    """Refuse to resume a run on data in another place that is not the same.

    Args:
        folder: the run, for messages.
        recorded: the record in its settings.
        current: the record of the data in the other place.

    Raises:
        UserError: if their digests differ, or one of them has none.
    """
    digest = recorded.get("digest") if isinstance(recorded, Mapping) else None
    if not digest or digest != current["digest"]:
        raise UserError(
            f"{current['source']} is not the data that {folder} was trained on: names, sizes or classes of its files "
            "differ; choose the right one, or start a new run"
        )


def _classes(names: list[str]) -> str:
    return f"{len(names)} class{'es' if len(names) != 1 else ''}"


def _difference(before: list[str], after: list[str]) -> str:
    gone, new = ([name for name in one if name not in other] for one, other in ((before, after), (after, before)))
    rows = [(names, word) for names, word in ((gone, "missing"), (new, "new")) if names]
    if not rows:
        return "in another order"
    return ", ".join(f"{word}: {list_names(names)}" for names, word in rows)
