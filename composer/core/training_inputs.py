"""How the fields of a batch fill the inputs of a design: by name.

A design with a single input takes the image, or the first field of a dataset without images, whatever its name. An
input of one axis takes a square image as a row of values: 784 are 28 x 28 grey pixels, 3,072 are 32 x 32 in colour.
"""

import math

from composer.core.dataset_file import dataset_declaration
from composer.core.errors import DesignError
from composer.core.expressions import resolve, resolve_variables
from composer.core.graph import Design, Input

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
    declaration = dataset_declaration(reference)
    fields = tuple(declaration.values.get("fields", ())) if declaration is not None else ()
    inputs = list(design.main.inputs)
    if not inputs:
        raise DesignError(f"the design has no input; add one for the field {IMAGE} of {reference.name}")
    if len(inputs) == 1 and inputs[0] not in fields:
        return (IMAGE if IMAGE in fields or not fields else fields[0],)
    for id in inputs:
        if fields and id not in fields:  # none are known of a file that cannot be read, which is reported elsewhere
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
        DesignError: if an input stays empty, or the input of images can take none.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for field, item in zip(input_fields(design), design.main.inputs.values(), strict=True):
        shape = sample_shape(design, item)
        image = image_shape(shape) if field == IMAGE and item.dtype.startswith("float") else None
        if field == IMAGE and image is None:
            raise DesignError(
                f"input {item.id!r} is {list(shape)} {item.dtype}, expected an image [channels, height, width] of "
                "float32, or the values of a square one, such as [784]",
                item.id,
            )
        shapes[field] = image or shape
    return shapes


def image_shape(sizes: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Return channels, height and width of the image that fills an input; None if it can take none."""
    if len(sizes) == 3:
        return sizes
    if len(sizes) == 1:
        for channels in (1, 3):
            side = math.isqrt(sizes[0] // channels)
            if side > 1 and channels * side * side == sizes[0]:
                return channels, side, side
    return None
