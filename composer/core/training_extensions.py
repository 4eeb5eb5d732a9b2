"""What training settings name, as the window and the command line see it: declarations read from source, without torch.

Datasets, objectives, optimizers, schedules and augmentations are each one file with one marked class or function, whose
parameters are its options::

    @objective(title="Regression", metrics={"error": {"title": "Mean error", "direction": "min"}}, primary="error")
    class Regression(Objective): ...
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from composer.core.declarations import Declaration, Schema, read_declarations

FOLDER = Path(__file__).parents[1] / "engine" / "training"
DATASET: Schema = {
    "title": ((str,), "a text"),
    "fields": ((tuple,), "the names of the fields of a batch"),
    "classes": ((int,), "the number of classes, where every choice of the options has the same"),
}
OBJECTIVE: Schema = {
    "title": ((str,), "a text"),
    "metrics": ((dict,), "a mapping from metric names to their descriptions"),
    "primary": ((str,), "the name of the metric that decides which epoch is best"),
    "scores_per_class": ((bool,), "whether the design must end with one score per class of the dataset"),
    "soft_labels": ((bool,), "whether labels may be probabilities of the classes"),
}
STAGES = ("geometry", "pixels", "batch", "mix")
AUGMENTATION: Schema = {
    "title": ((str,), "a text"),
    "order": ((int,), "its position among the augmentations of a batch"),
    "stage": ((str,), f"one of: {', '.join(STAGES)}"),
    "colour": ((bool,), "whether it needs images that are grey or RGB"),
}
OPTIMIZER: Schema = {
    "title": ((str,), "a text"),
    "states": ((int,), "the numbers that it stores for each trained parameter"),
}
SCHEDULE: Schema = {
    "title": ((str,), "a text"),
    "own_warmup": ((bool,), "whether it begins with a warm-up of its own"),
}


@cache
def datasets() -> Mapping[str, Declaration]:
    """Return the declared datasets by name; broken files carry a `problem`."""
    return read_declarations(FOLDER / "datasets", "dataset", DATASET)


@cache
def objectives() -> Mapping[str, Declaration]:
    """Return the declared objectives by name; broken files carry a `problem`."""
    return read_declarations(FOLDER / "objectives", "objective", OBJECTIVE)


@cache
def optimizers() -> Mapping[str, Declaration]:
    """Return the declared optimizers by name; broken files carry a `problem`."""
    return read_declarations(FOLDER / "optimizers", "optimizer", OPTIMIZER, ignored=("groups",))


@cache
def schedules() -> Mapping[str, Declaration]:
    """Return the declared schedules of the learning rate by name; broken files carry a `problem`."""
    folder = Path(__file__).parent / "schedules"
    return read_declarations(folder, "schedule", SCHEDULE, ignored=("progress", "epochs"))


@cache
def augmentations() -> Mapping[str, Declaration]:
    """Return the declared augmentations by name, in the order in which they are applied; broken files come last."""
    declared = read_declarations(FOLDER / "augmentations", "augmentation", AUGMENTATION)
    checked = {name: _check_stage(declaration) for name, declaration in declared.items()}
    return dict(sorted(checked.items(), key=lambda item: item[1].values.get("order", math.inf)))


def _check_stage(declaration: Declaration) -> Declaration:
    """Return a declaration that has a problem if it does not state when the augmentation runs."""
    if declaration.problem or ("order" in declaration.values and declaration.values.get("stage") in STAGES):
        return declaration
    problem = f"{declaration.path.name}: @augmentation needs an order and a stage, one of: {', '.join(STAGES)}"
    return replace(declaration, problem=problem)


# Training settings that name an extension, or several -> the extensions to choose from.
EXTENSIONS = {
    "data": datasets,
    "objective": objectives,
    "optimizer": optimizers,
    "schedule": schedules,
    "augment": augmentations,
}


def titles(setting: str) -> dict[str, str]:
    """Return the titles of the usable extensions of a setting, such as ``data`` or ``optimizer``, by name."""
    return {
        name: str(declaration.values.get("title", name))
        for name, declaration in EXTENSIONS[setting]().items()
        if not declaration.problem
    }
