"""The settings of a run: those of the design with the user's overrides, or those of the run that is resumed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from composer.core import training_settings
from composer.core.blocks.identify import identify
from composer.core.errors import UserError
from composer.core.files.network_identity import network_difference
from composer.core.files.run_folder import SETTINGS
from composer.core.graph import Design, Training
from composer.engine import library
from composer.engine.training.run import Run

# A finished run can be made longer; everything else would make it another run.
CHANGEABLE = frozenset({"epochs"})


def override(training: Training, overrides: Mapping[str, Any]) -> Training:
    """Return settings with plain values put in place of some, all of them checked.

    Args:
        training: the settings.
        overrides: values by setting, or by option such as ``objective.label_smoothing``.

    Raises:
        UserError: naming every setting that no training can run with.
    """
    for key, value in overrides.items():
        plain = value if "." in key else training_settings.read_value(key, value)
        training = training_settings.set_value(training, key, plain)
    training_settings.check(training)
    return training


def resumed(run: Run, design: Design, overrides: Mapping[str, Any]) -> Training:
    """Return the settings that a run continues with.

    Args:
        run: the run to resume.
        design: what the user wants to train.
        overrides: what the user wants to change.

    Raises:
        UserError: if the design or a setting differs, because the result would be another run.
    """
    if difference := network_difference(run.network(), identify(design, library.catalog())):
        raise UserError(
            f"{run.path} was trained with another design ({difference}); choose another folder for this one"
        )
    try:
        settings = training_settings.from_plain(run.settings()["training"])
    except (TypeError, KeyError, AttributeError, UserError) as error:
        raise UserError(f"{run.path / SETTINGS}: the training settings cannot be read: {error}") from None
    changed = override(settings, overrides)
    for key in overrides:
        name = key.partition(".")[0]
        if name not in CHANGEABLE and getattr(changed, name) != getattr(settings, name):
            before, after = getattr(settings, name), getattr(changed, name)
            raise UserError(f"{run.path} was started with {name} {before}; resuming with {after} would be another run")
    return replace(settings, epochs=changed.epochs)
