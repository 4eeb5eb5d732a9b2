"""How the fields of a batch fill the inputs of a design: by name.

A design with a single input takes the image, or the first field of a dataset without images, whatever its name.
"""

from composer.core.errors import DesignError
from composer.core.expressions import resolve, resolve_variables
from composer.core.graph import Design, Input
from composer.core.training_extensions import datasets

IMAGE = "image"
LABEL = "label"
# Left, top, right and bottom of the object as shares of the image.
BOX = "box"


def input_fields(design: Design) -> tuple[str, ...]:
    """Return the field of a batch that fills each input of a design, in the order of the inputs.

    Raises:
        DesignError: if an input stays empty.
    """
    reference = design.training.data
    declaration = datasets().get(reference.name)
    fields = tuple(declaration.values.get("fields", ())) if declaration is not None else ()
    inputs = list(design.main.inputs)
    if not inputs:
        raise DesignError(f"the design has no input; add one for the field {IMAGE} of {reference.name}")
    if len(inputs) == 1 and inputs[0] not in fields:
        return (IMAGE if IMAGE in fields or not fields else fields[0],)
    for id in inputs:
        if id not in fields:
            raise DesignError(
                f"the design has {len(inputs)} inputs ({', '.join(inputs)}), but a batch of {reference.name} has no "
                f"field {id!r}; its fields are: {', '.join(fields)}",
                id,
            )
    return tuple(inputs)


def sample_shape(design: Design, item: Input) -> tuple[int, ...]:
    """Return the shape of one sample of an input, its expressions resolved.

    Raises:
        DesignError: if a size is not a positive integer.
    """
    variables = resolve_variables(design.variables)
    sizes = tuple(resolve(size, variables) for size in item.shape)
    if not all(isinstance(size, int) and size > 0 for size in sizes):
        raise DesignError(f"input {item.id!r} is {list(sizes)}, expected positive integers", item.id)
    return tuple(int(str(size)) for size in sizes)


def field_shapes(design: Design) -> dict[str, tuple[int, ...]]:
    """Return the shape of one sample of each field that a design takes in.

    Raises:
        DesignError: if an input stays empty, or the input of images is not an image.
    """
    shapes = {}
    for field, item in zip(input_fields(design), design.main.inputs.values(), strict=True):
        shapes[field] = sample_shape(design, item)
        if field == IMAGE and (len(shapes[field]) != 3 or not item.dtype.startswith("float")):
            raise DesignError(
                f"input {item.id!r} is {list(shapes[field])} {item.dtype}, "
                "expected an image [channels, height, width] of float32",
                item.id,
            )
    return shapes
