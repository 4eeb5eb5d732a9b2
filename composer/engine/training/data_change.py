"""Data that has changed since a run began: other classes or counts are another experiment, other files a warning."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from composer.core.errors import UserError

SHOWN = 3  # names in a message


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


def _classes(names: list[str]) -> str:
    return f"{len(names)} class{'es' if len(names) != 1 else ''}"


def _difference(before: list[str], after: list[str]) -> str:
    gone, new = ([name for name in one if name not in other] for one, other in ((before, after), (after, before)))
    rows = [(names, word) for names, word in ((gone, "missing"), (new, "new")) if names]
    if not rows:
        return "in another order"
    return ", ".join(
        f"{word}: {', '.join(names[:SHOWN])}{f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''}"
        for names, word in rows
    )
