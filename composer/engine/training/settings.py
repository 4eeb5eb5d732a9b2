"""The settings of a run: those of the design with the user's overrides, or those of the run that is resumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from composer.core import training_overrides, training_settings
from composer.core.blocks.identify import identify
from composer.core.errors import UserError
from composer.core.extension_text import absolute_paths, describe_reference, without_paths
from composer.core.files.network_identity import network_difference
from composer.core.files.run_folder import SETTINGS
from composer.core.graph import Design, ExtensionRef, Training
from composer.core.learning_rate import MODES, EpochChange, rate_jump
from composer.core.training_table import GROUPS
from composer.engine import library
from composer.engine.training.storage.records import now
from composer.engine.training.storage.run import Run

# A finished run can be made longer, and its records are no part of the result; all else would make it another run.
RECORDS = GROUPS["Records"]
CHANGEABLE = frozenset({"epochs", *RECORDS})
DEFAULT_MODE = "stretch"


def override(training: Training, overrides: Mapping[str, Any], folders: Sequence[Path]) -> Training:
    """Return settings with others put in place of some, all of them checked, and with absolute paths.

    Args:
        training: the settings.
        overrides: see `training_overrides.apply`.
        folders: what relative paths are relative to, see `extension_text.absolute_paths`.

    Raises:
        UserError: naming every setting that no training can run with.
    """
    training = training_overrides.apply(training, overrides)
    training_settings.check(training)
    return absolute_paths(training, *folders)


@dataclass(frozen=True, slots=True)
class ResumedSettings:
    """The settings that a run continues with.

    Args:
        training: the settings, with the number of epochs to reach.
        changes: the changes of that number so far; the last one is new if `new_mode` is set.
        epochs_before: the number of epochs so far.
        new_mode: how the learning rate continues after a change of the number of epochs; None if there is no change.
    """

    training: Training
    changes: tuple[EpochChange, ...]
    epochs_before: int
    new_mode: str | None

    def changes_at(self, step: int) -> tuple[EpochChange, ...]:
        """Return all changes, the new one at the step that the run continues from."""
        if self.new_mode is None:
            return self.changes
        change = EpochChange(step, self.epochs_before, self.training.epochs, self.new_mode, now())
        return (*self.changes, change)


def resumed(
    run: Run, design: Design, overrides: Mapping[str, Any], extend_lr: str | None, folders: Sequence[Path]
) -> ResumedSettings:
    """Return the settings that a run continues with.

    Args:
        run: the run to resume.
        design: what the user wants to train.
        overrides: what the user wants to change.
        extend_lr: how the learning rate continues if the number of epochs changes, see `learning_rate.MODES`.
        folders: what relative paths in `overrides` are relative to.

    Raises:
        UserError: if the design or a setting differs, because the result would be another run.
    """
    if difference := network_difference(run.network(), identify(design, library.catalog())):
        raise UserError(
            f"{run.path} was trained with another design ({difference}); choose another folder for this one"
        )
    values = run.settings()
    try:
        settings = replace(training_settings.from_plain(values["training"]), epochs=run.epochs())
        changes = tuple(EpochChange.from_json(row) for row in values.get("changes", ()))
    except (TypeError, KeyError, AttributeError, ValueError, UserError) as error:
        raise UserError(f"{run.path / SETTINGS}: the training settings cannot be read: {error}") from None
    changed = override(settings, overrides, folders)
    for key in overrides:
        name = key.partition(".")[0]
        if name == "data" and without_paths(name, changed.data) == without_paths(name, settings.data):
            continue  # in another place; its digest tells whether it is the same
        if name not in CHANGEABLE and getattr(changed, name) != getattr(settings, name):
            before, after = (_in_words(name, getattr(values, name)) for values in (settings, changed))
            raise UserError(f"{run.path} was started with {name} {before}; resuming with {after} would be another run")
    epochs, finished = changed.epochs, int(run.state().get("epoch") or 0)
    if epochs < finished:
        raise UserError(f"{run.path} has finished {finished} epochs; {epochs} is less, choose {finished} or more")
    new_mode = (extend_lr or DEFAULT_MODE) if epochs != settings.epochs else None
    # The same command again, after a kill, is no contradiction.
    if extend_lr is not None and new_mode is None and not (changes and changes[-1].mode == extend_lr):
        raise UserError(f"--extend-lr {extend_lr} needs --epochs with another number than the {epochs} of {run.path}")
    training = replace(settings, epochs=epochs, data=changed.data, **{name: getattr(changed, name) for name in RECORDS})
    return ResumedSettings(training, changes, settings.epochs, new_mode)


def _in_words(setting: str, value: Any) -> str:
    if isinstance(value, ExtensionRef):
        return describe_reference(setting, value)
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else str(value)


def jump_warning(settings: Training, steps_per_epoch: int, changes: Sequence[EpochChange]) -> str | None:
    """Return a sentence on the jump of the learning rate where a run was made longer; None if there is none."""
    jump = rate_jump(settings, steps_per_epoch, changes)
    if jump is None:
        return None
    before, after = jump
    latest = changes[-1]
    others = ", or ".join(f"--extend-lr {mode} to {text}" for mode, text in MODES.items() if mode != latest.mode)
    return (
        f"the learning rate was {before:.3g} in the last step of {latest.before} epochs and is {after:.3g} in the next "
        f"one, {_ratio(before, after)}, because --extend-lr {latest.mode} means to {MODES[latest.mode]}; add {others}"
    )


def _ratio(before: float, after: float) -> str:
    return f"{after / before:.3g} times as much" if after > before else f"1/{before / after:.3g} of it"
