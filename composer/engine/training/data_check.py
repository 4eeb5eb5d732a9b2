"""What `check` tells of the data of a design: that it cannot be read, or that it does not fit."""

from pathlib import Path

from composer.core import edits
from composer.core.blocks.catalog import Catalog
from composer.core.data_facts import DataFacts
from composer.core.dataset_file import dataset_declaration
from composer.core.errors import UserError
from composer.core.extension_text import absolute_paths
from composer.core.facts import DesignFacts
from composer.core.graph import Design, ExtensionRef
from composer.core.training_check import training_obstacle
from composer.engine.training.datasets import load_facts


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
    repair = f"   ({obstacle.repair.label})" if obstacle.repair is not None else ""
    return [], f"cannot be trained as it is: {obstacle.message}{repair}"


def known_facts(reference: ExtensionRef) -> DataFacts | None:
    """Return the facts of a dataset; None if its declaration tells enough, and nothing has to be read.

    Raises:
        UserError: if it cannot be read.
    """
    declaration = dataset_declaration(reference)
    if declaration is not None and declaration.values.get("classes") and not reference.options:
        return None
    return load_facts(reference)
