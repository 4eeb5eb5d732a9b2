"""Why a design cannot be trained as it is, as far as that is known without torch and without the samples."""

from composer.core import edits, training_settings
from composer.core.augmentation_check import augmentation_problem
from composer.core.blocks.catalog import Catalog
from composer.core.data_facts import DataFacts
from composer.core.dataset_file import dataset_declaration
from composer.core.errors import UserError
from composer.core.facts import DesignFacts, Repair
from composer.core.graph import Design, Node, is_expression
from composer.core.input_check import input_obstacle
from composer.core.obstacle import Obstacle
from composer.core.pattern_check import pattern_obstacle
from composer.core.repairs import call
from composer.core.training_extensions import objectives
from composer.core.training_inputs import IMAGE, field_shapes, image_shape

CLASSES_PARAM = "num_classes"


def training_obstacle(
    design: Design, facts: DesignFacts | None, catalog: Catalog, data_facts: DataFacts | None = None
) -> Obstacle | None:
    """Return the first reason why training would be refused; None if none is known.

    Args:
        design: the design.
        facts: its facts; None while they are being computed, which leaves out what depends on shapes.
        catalog: the available blocks.
        data_facts: what is known of its data; None leaves out what only the data tells.
    """
    if messages := training_settings.problems(design.training):
        return Obstacle(messages[0])
    try:
        field_shapes(design)
    except UserError as error:
        return Obstacle(str(error))
    if (obstacle := pattern_obstacle(design)) is not None:
        return obstacle
    if data_facts is not None and (obstacle := input_obstacle(design, data_facts)) is not None:
        return obstacle
    return _output_obstacle(design, facts, catalog, data_facts) or _augmentation_obstacle(design, data_facts)


def _augmentation_obstacle(design: Design, data_facts: DataFacts | None) -> Obstacle | None:
    """Return which augmentation does not fit, with its removal."""
    shapes = field_shapes(design)
    image = image_shape(shapes[IMAGE]) if IMAGE in shapes else None
    channels = image[0] if image is not None else None
    classes = len(data_facts.classes) if data_facts is not None and data_facts.fields else None
    problem = augmentation_problem(design.training, tuple(shapes), channels, classes)
    if problem is None:
        return None
    change = call(edits.remove_augmentation, name=problem.name)
    return Obstacle(problem.message, Repair(f"Remove {problem.name} from augment", (change,)))


def _output_obstacle(
    design: Design, facts: DesignFacts | None, catalog: Catalog, data_facts: DataFacts | None
) -> Obstacle | None:
    """Return why the objective cannot learn from the output."""
    data = design.training.data.name
    declaration = dataset_declaration(design.training.data)
    classes = declaration.values.get("classes") if declaration is not None else None
    if data_facts is not None:
        classes = len(data_facts.classes)
    if not objectives()[design.training.objective.name].values.get("scores_per_class"):
        return None
    if not classes:
        if data_facts is None or not data_facts.fields:  # only loading it tells
            return None
        return Obstacle(
            f"{data} has no classes, which {design.training.objective.name} learns; choose another objective"
        )
    outputs = list(design.main.outputs)
    if len(outputs) > 1:
        return Obstacle(
            f"the design has {len(outputs)} outputs ({', '.join(outputs)}), but {data} trains exactly one, with a "
            f"score for each of {classes} classes; remove the others"
        )
    item = facts.nodes.get(outputs[0]) if facts is not None and outputs else None
    if item is None or not item.outputs:
        return None
    sizes = item.outputs[0].shape[1:]
    if sizes == (classes,):
        return None
    shape = f"{sizes[0]} scores" if len(sizes) == 1 else f"the shape {list(sizes)}"
    return Obstacle(
        f"{outputs[0]} has {shape} for each sample, but {data} has {classes} classes; end the design with a classifier "
        f"head with num_classes {classes}",
        _set_classes(design, outputs[0], classes, catalog) if len(sizes) == 1 else None,
    )


def _set_classes(design: Design, output: str, classes: int, catalog: Catalog) -> Repair | None:
    """Return the edit that gives the head another number of classes, at the variable if a variable states it."""
    source = next((wire.source for wire in design.main.in_wires(output)), "")
    node: Node | None = design.main.nodes.get(source)
    spec = catalog.get(node.block) if node is not None else None
    if node is None or spec is None or spec.param(CLASSES_PARAM) is None:
        return None
    value = node.params.get(CLASSES_PARAM)
    variable = str(value)[1:].strip() if is_expression(value) else ""
    if variable in design.variables:
        return Repair(f"Set {variable} to {classes}", (call(edits.set_variable, name=variable, value=classes),))
    change = call(edits.set_params, id=node.id, params={CLASSES_PARAM: classes})
    return Repair(f"Set {CLASSES_PARAM} of {node.id} to {classes}", (change,))
