"""Why the augmentations of a design do not fit its data, its inputs or its objective; known without torch."""

from dataclasses import dataclass

from composer.core.graph import Training
from composer.core.training_extensions import augmentations, objectives
from composer.core.training_inputs import IMAGE

MIX = "mix"  # the stage of augmentations that mix samples


@dataclass(frozen=True, slots=True)
class AugmentationProblem:
    """An augmentation that does not fit.

    Args:
        name: the augmentation.
        message: one sentence, which ends with what to do.
    """

    name: str
    message: str


def augmentation_problem(
    training: Training, inputs: tuple[str, ...], channels: int | None, classes: int | None
) -> AugmentationProblem | None:
    """Return the first augmentation that does not fit; None if all do.

    Args:
        training: settings whose names and options are valid.
        inputs: the fields that the design takes in; without images nothing is augmented.
        channels: of the images; None if unknown.
        classes: number of classes of the data; 0 if it has none, None if unknown.
    """
    if IMAGE not in inputs:
        return None
    for reference in training.augment:
        values = augmentations()[reference.name].values
        reason = ""
        if values.get("colour") and channels not in (1, 3, None):
            reason = f"changes colours, so it needs 1 or 3 channels, but the images have {channels}"
        elif values["stage"] == MIX:
            reason = _mixing_problem(training, inputs, classes)
        if reason:
            message = f"augmentation {reference.name} {reason}; remove {reference.name} from augment"
            return AugmentationProblem(reference.name, message)
    return None


def _mixing_problem(training: Training, inputs: tuple[str, ...], classes: int | None) -> str:
    """Return why samples cannot be mixed; empty if they can."""
    if classes == 0:
        return "mixes classes, but the data has none"
    if inputs != (IMAGE,):
        others = ", ".join(sorted(set(inputs) - {IMAGE}))
        return f"mixes images and labels, but the design also takes in {others}"
    objective = training.objective.name
    if not objectives()[objective].values.get("soft_labels", False):
        return f"turns labels into probabilities, which objective {objective} cannot learn from"
    return ""
