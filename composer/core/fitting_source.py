"""A source of data that fits a design as it is: bundled or generated, so that any network can be tried immediately."""

import math
from dataclasses import replace

from composer.core.errors import UserError
from composer.core.facts import DesignFacts
from composer.core.graph import Design, ExtensionRef, Training
from composer.core.training_inputs import IMAGE, image_shape, sample_shape

TOKENS, CONTEXT = "tokens", "context"
DIGITS = 10
MAX_GREY_CLASSES, MAX_CLASSES = 8, 1000  # that the source `shapes` can draw, without and with colours
DEFAULT_TASKS = 10


def fitting_training(design: Design, facts: DesignFacts) -> Training:
    """Return the training settings of a design with a source and an objective that fit its inputs and its output.

    Args:
        design: the design.
        facts: its facts, for the shape of the output.

    Raises:
        UserError: if no source fits, with the reason.
    """
    output = _output_shape(design, facts)
    shapes = {id: sample_shape(design, item) for id, item in design.main.inputs.items()}
    if TOKENS in shapes:
        if len(output) != 2:
            raise UserError(f"the output is {list(output)}, expected a score for each token at each position")
        data = ExtensionRef("sequences", {"vocabulary": output[1]})
        return replace(design.training, data=data, objective=ExtensionRef("sequence"))
    names = set(shapes)
    image = shapes[IMAGE] if IMAGE in names else next(iter(shapes.values()))
    if len(output) != 1 or (sizes := image_shape(image)) is None:
        raise UserError(f"the design makes {list(output)} of {list(image)}, expected one score a class of an image")
    source = _image_source(sizes[0], output[0])
    if len(names) > 1:
        if names != {IMAGE, CONTEXT}:
            raise UserError(f"no source has the fields {', '.join(shapes)}; write one of your own, see CONTRIBUTING.md")
        context = math.prod(shapes[CONTEXT])
        tasks = DEFAULT_TASKS if context == math.prod(image) else context
        data = ExtensionRef("permuted", {"source": source, "tasks": tasks})
    else:
        name, _, classes = source.partition(":")
        data = ExtensionRef(name, {"classes": int(classes)} if classes else {})
    return replace(design.training, data=data, objective=ExtensionRef("classification"))


def _output_shape(design: Design, facts: DesignFacts) -> tuple[int, ...]:
    """Return the shape of the only output for one sample."""
    outputs = list(design.main.outputs)
    if len(outputs) != 1 or not design.main.inputs:
        raise UserError(
            f"the design has {len(outputs)} outputs and {len(design.main.inputs)} inputs, expected one each"
        )
    item = facts.nodes.get(outputs[0])
    if item is None or not item.outputs:
        raise UserError(f"the shape of {outputs[0]} is unknown; repair the errors of the design first")
    return tuple(item.outputs[0].shape[1:])


def _image_source(channels: int, classes: int) -> str:
    """Return the source of images with as many classes as the design scores."""
    if channels == 1 and classes == DIGITS:
        return "digits"
    highest = MAX_CLASSES if channels == 3 else MAX_GREY_CLASSES
    if not 2 <= classes <= highest:
        raise UserError(f"the design scores {classes} classes, but generated images have 2 to {highest}")
    return f"shapes:{classes}"
