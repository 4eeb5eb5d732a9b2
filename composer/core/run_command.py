"""Training again with the settings of a run: the command line that reproduces it, and the settings of a branch."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.files.run_folder import DESIGN, RunFolder
from composer.core.graph import Training
from composer.core.setting_text import write_text

DEVICES = ("cpu", "cuda", "mps")


def reproducing_command(folder: Path) -> str:
    """Return the command, which writes into a new folder beside the working directory.

    Settings that the run took from its command line, and not from its design, are in it.

    Raises:
        UserError: if the folder is no run, or its files are damaged.
    """
    run = RunFolder.open(folder)
    settings, design = run.settings(), run.design()
    values = settings.get("training")
    if not isinstance(values, dict):
        raise UserError(f"{folder}: its settings are damaged, so no command reproduces it")
    words = ["netcomposer", "train", str(folder / DESIGN), "--out", f"{folder.name}-again"]
    device = str(settings.get("device") or "")
    if device.partition(":")[0] in DEVICES:
        words += ["--device", device]
    for text in set_words(design.training, training_settings.from_plain(values)):
        words += ["--set", text]
    return shlex.join(words)


def branch_settings(folder: Path, selection: str) -> Training:
    """Return the settings of a run for another training, which starts from its weights.

    Args:
        folder: the run.
        selection: which of its weights: ``best``, ``last``, or the number of an epoch.

    Raises:
        UserError: if the folder is no run, or its settings are damaged.
    """
    values = RunFolder.open(folder).settings().get("training")
    if not isinstance(values, dict):
        raise UserError(f"{folder}: its settings are damaged, so no training can start from it")
    return replace(training_settings.from_plain(values), init=f"{folder.absolute()}@{selection}")


def set_words(before: Training, after: Training) -> list[str]:
    """Return the values of ``--set`` that turn some settings into others."""
    plain, target = training_settings.to_plain(before), training_settings.to_plain(after)
    return [f"{name}={_text(value)}" for name, value in target.items() if value != plain[name]]


def _text(value: Any) -> str:
    """Write a plain value as `setting_text.read_text` reads it."""
    if isinstance(value, dict) and "name" not in value:
        return write_text(value) or "none"
    if isinstance(value, dict | list):
        return json.dumps(value)
    return write_text(value) if value is not None else "none"
