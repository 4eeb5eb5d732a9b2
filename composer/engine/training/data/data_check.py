"""What `check` tells of the data of a design: that it cannot be read, that it does not fit, and how it is fitted."""

import json
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from composer.core import edits
from composer.core.blocks.catalog import Catalog
from composer.core.data_facts import DataFacts
from composer.core.dataset_file import dataset_declaration
from composer.core.errors import UserError
from composer.core.extension_text import absolute_paths, plain_reference
from composer.core.facts import DesignFacts
from composer.core.graph import Design, ExtensionRef, Training
from composer.core.obstacle import Obstacle
from composer.core.repairs import apply_repair
from composer.core.training_check import training_obstacle
from composer.engine.inference.infer import Inferrer
from composer.engine.training.datasets import load_facts

MAX_STEPS = 20


class DataMisfitError(UserError):
    """A valid design that cannot be trained on its data.

    Args:
        message: one sentence.
        training: the settings that name the data.
    """

    def __init__(self, message: str, training: Training) -> None:
        super().__init__(message)
        self.training = training


@contextmanager
def fitting_data(training: Training) -> Iterator[None]:
    """Raise what a design is refused for inside as a `DataMisfitError`."""
    try:
        yield
    except UserError as error:
        raise DataMisfitError(str(error), training) from error


def data_lines(design: Design, folder: Path, facts: DesignFacts, catalog: Catalog) -> tuple[list[str], str]:
    """Return what is wrong with the data, and a note if it does not fit the design.

    A design whose data does not fit is still a valid design: it may have been drawn for other data.

    Args:
        design: a design whose settings are valid.
        folder: what its paths are relative to.
        facts: its facts.
        catalog: the available blocks.

    Returns:
        Problems, and one sentence with the repair; both may be empty.
    """
    design = edits.set_training(design, absolute_paths(design.training, folder))
    try:
        data_facts = known_facts(design.training.data)
    except UserError as error:
        return [f"training data: {error}"], ""
    obstacle = training_obstacle(design, facts, catalog, data_facts)
    if obstacle is None:
        return [], ""
    repair = f"   ({obstacle.repair.label}: --fit-data)" if obstacle.repair is not None else ""
    return [], f"cannot be trained as it is: {obstacle.message}{repair}"


def fit_to_data(design: Design, folder: Path, inferrer: Inferrer) -> tuple[Design, list[tuple[str, str]]]:
    """Apply the repairs that let a design be trained on its data: shape of the input, number of classes.

    The counts that the author states are dropped with the first change: they are those of other data.

    Args:
        design: a valid design.
        folder: what its paths are relative to.
        inferrer: computes its facts.

    Returns:
        The design, and what was in the way with the repair that was applied, in order.

    Raises:
        UserError: if the data cannot be read.
    """
    steps: list[tuple[str, str]] = []
    for _ in range(MAX_STEPS):
        obstacle = _obstacle(design, folder, inferrer)
        if obstacle is None or obstacle.repair is None:
            break
        design = apply_repair(design, obstacle.repair)
        steps.append((obstacle.message, obstacle.repair.label))
    if steps:
        variants = {name: replace(variant, expected={}) for name, variant in design.variants.items()}
        design = replace(design, expected={}, variants=variants)
    return design, steps


def fit_command(design: Design, path: Path, overrides: Mapping[str, Any]) -> str:
    """Return the command that fits a design to its data; empty if no repair is known.

    Args:
        design: the design with the settings of the training.
        path: its file, as the user wrote it.
        overrides: plain values that replace settings, by key.
    """
    try:
        obstacle = _obstacle(design, path.absolute().parent, Inferrer())
    except UserError:
        return ""
    if obstacle is None or obstacle.repair is None:
        return ""
    words = ["netcomposer", "check", str(path), "--fit-data"]
    if any(key == "data" or key.startswith("data.") for key in overrides):
        source = plain_reference("data", design.training.data)
        words += ["--data", source if isinstance(source, str) else json.dumps(source)]
    return shlex.join(words)


def _obstacle(design: Design, folder: Path, inferrer: Inferrer) -> Obstacle | None:
    """Return why a valid design cannot be trained on its data."""
    located = edits.set_training(design, absolute_paths(design.training, folder))
    data_facts = known_facts(located.training.data)
    return training_obstacle(located, inferrer.infer(located).facts, inferrer.catalog, data_facts)


def known_facts(reference: ExtensionRef) -> DataFacts | None:
    """Return the facts of a dataset; None if its declaration tells enough, and nothing has to be read.

    Raises:
        UserError: if it cannot be read.
    """
    declaration = dataset_declaration(reference)
    if declaration is not None and declaration.values.get("classes") and not reference.options:
        return None
    return load_facts(reference)
