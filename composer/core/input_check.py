"""Whether the fields of a dataset fit the inputs of a design: channels, sizes and number formats."""

from typing import Any

from composer.core import edits
from composer.core.data_facts import DataFacts, FieldFacts
from composer.core.facts import EditCall, Repair
from composer.core.graph import Design, Input, is_expression
from composer.core.obstacle import Obstacle
from composer.core.repairs import call
from composer.core.training_inputs import IMAGE, image_shape, input_fields, sample_shape

COLOUR = 3


def input_obstacle(design: Design, facts: DataFacts) -> Obstacle | None:
    """Return the first input that the fields of a dataset do not fit, with the edit that fits it.

    Args:
        design: the design; its inputs are filled by fields of the data.
        facts: what is known of the data.
    """
    for name, item in zip(input_fields(design), design.main.inputs.values(), strict=True):
        field = facts.fields.get(name)
        if field is None:
            continue
        shape = sample_shape(design, item)
        if field.kind == IMAGE:
            obstacle = _image_obstacle(design, facts, field, item, shape)
        else:
            obstacle = _field_obstacle(design, facts, name, field, item, shape)
        if obstacle is not None:
            return obstacle
    return None


def _image_obstacle(
    design: Design, facts: DataFacts, field: FieldFacts, item: Input, shape: tuple[int, ...]
) -> Obstacle | None:
    """Compare channels, and for images of a fixed size the size."""
    wanted = image_shape(shape)
    if wanted is None:
        return None
    if field.shape is not None and field.shape != wanted:
        return Obstacle(
            f"the input {item.id} is {times(wanted)}, but the images of {facts.source} are {times(field.shape)}; "
            f"make the input {times(field.shape)}",
            _reshape(design, item, field.shape),
        )
    channels, height, width = wanted
    if facts.channels in (0, 1, channels) or channels in (1, COLOUR):  # grey is repeated, colour becomes grey
        return None
    return Obstacle(
        f"the input {item.id} takes {channels} channels, but the images of {facts.source} have {facts.channels}; "
        f"make the input {times((facts.channels, height, width))}",
        _reshape(design, item, (facts.channels, height, width)),
    )


def _field_obstacle(
    design: Design, facts: DataFacts, name: str, field: FieldFacts, item: Input, shape: tuple[int, ...]
) -> Obstacle | None:
    """Compare shape and number format of any other field."""
    if field.shape is not None and field.shape != shape:
        text = times(field.shape) or "one number"
        return Obstacle(
            f"the input {item.id} is {times(shape) or 'one number'}, but the field {name} of {facts.source} is {text}; "
            f"make the input {text}",
            _reshape(design, item, field.shape),
        )
    if item.dtype.startswith("float") != field.dtype.startswith("float"):
        change = call(edits.update_item, id=item.id, dtype=field.dtype)
        return Obstacle(
            f"the input {item.id} takes {item.dtype}, but the field {name} of {facts.source} is {field.dtype}; "
            "change the number format of the input",
            Repair(f"Make the input {field.dtype}", (change,)),
        )
    return None


def times(sizes: tuple[int, ...]) -> str:
    """Return sizes as people write them: ``3 x 64 x 64``."""
    return " x ".join(map(str, sizes))


def _reshape(design: Design, item: Input, shape: tuple[int, ...]) -> Repair:
    """Return the edits that give an input another shape; sizes that are variables change the variable."""
    changes: list[EditCall] = []
    sizes: list[Any] = list(shape)
    if len(item.shape) == len(shape):
        now = sample_shape(design, item)
        for axis, (size, before) in enumerate(zip(item.shape, now, strict=True)):
            variable = str(size)[1:].strip() if is_expression(size) else ""
            if before == shape[axis]:
                sizes[axis] = size
            elif variable in design.variables:
                sizes[axis] = size
                changes.append(call(edits.set_variable, name=variable, value=shape[axis]))
    if tuple(sizes) != item.shape:
        changes.append(call(edits.update_item, id=item.id, shape=tuple(sizes)))
    return Repair(f"Make the input {times(shape)}", tuple(changes))
