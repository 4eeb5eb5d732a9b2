"""The learning rate of a whole run, known before its first step."""

from dataclasses import replace
from pathlib import Path

from composer.core import training_settings
from composer.core.errors import UserError
from composer.core.files.run_folder import RunFolder
from composer.core.graph import Training
from composer.core.learning_rate import EpochChange, learning_rate
from composer.gui.runs.run_curves import Curve

POINTS = 240


def planned_rate(training: Training, steps_per_epoch: int, changes: tuple[EpochChange, ...] = ()) -> Curve:
    """Return the learning rate over the epochs of a run.

    Args:
        training: the settings, with the number of epochs after all changes.
        steps_per_epoch: optimizer steps per epoch.
        changes: changes of the number of epochs.
    """
    rate, curve = learning_rate(training, steps_per_epoch, changes), Curve()
    steps = training.epochs * steps_per_epoch
    for step in sorted({round(share * (steps - 1) / POINTS) for share in range(POINTS + 1)}):
        curve.add((step + 1) / steps_per_epoch, rate(step))
    return curve


def planned_rate_of(folder: Path, steps_per_epoch: int) -> Curve:
    """Return the learning rate of the run in a folder; an empty curve if its settings cannot be read."""
    run = RunFolder(folder)
    try:
        values = run.settings()
        changes = tuple(EpochChange.from_json(row) for row in values.get("changes", ()))
        training = replace(training_settings.from_plain(values["training"]), epochs=run.epochs())
        return planned_rate(training, steps_per_epoch, changes)
    except (TypeError, KeyError, AttributeError, ValueError, UserError):
        return Curve()
