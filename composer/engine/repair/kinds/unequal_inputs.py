"""Inputs that must agree and do not: a projection, a change of layout or of size, or padding on a wire."""

from collections.abc import Iterator

from composer.core.blocks.roles import PAD, PROJECT_CHANNELS, PROJECT_FEATURES, UPSAMPLE
from composer.core.facts import Repair
from composer.core.graph import Wire
from composer.engine.repair.actions import insert, insert_edit, new_id, numbers_in
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.layouts import block_with_role, converters, wired_inputs

MAX_MULTIPLE = 64

Shape = tuple[int, ...]


@candidates(Stage.LIKELY, rank=30)
def project_inputs(error: ErrorContext) -> Iterator[Repair]:
    """Yield blocks that bring one input to the shape of another, then those that fit a map to the block."""
    inputs = list(wired_inputs(error))
    shapes = dict.fromkeys(shape for _, _, shape in inputs)
    for wire, _, shape in inputs:
        for other in shapes:
            if other != shape:
                yield from _same_layout(error, wire, shape, other)
                yield from _other_layout(error, wire, shape, other)
                yield from _converted_and_projected(error, wire, shape, other)
    pad, project = block_with_role(error, PAD), block_with_role(error, PROJECT_CHANNELS)
    multiples = sorted({number for number in numbers_in(error.message) if 2 <= number <= MAX_MULTIPLE})
    for wire, axes, shape in inputs:
        if len(shape) == 4 and pad is not None:
            for multiple in multiples:
                yield insert(error, f"Pad {wire} to multiples of {multiple}", wire, pad, multiple=multiple)
        # A block for a fixed number of channels, such as 3.
        if len(axes) == len(shape) == 4 and axes[1].isdigit() and project is not None:
            label = f"Insert a 1x1 projection to {axes[1]} channels on {wire}"
            yield insert(error, label, wire, project, out_channels=int(axes[1]), kernel_size=1)


def _same_layout(error: ErrorContext, wire: Wire, shape: Shape, other: Shape) -> Iterator[Repair]:
    """Yield blocks that change width and size of a tensor with as many axes as the other."""
    if len(shape) == len(other) == 4:
        # A 1x1 convolution changes the width and, by its stride, the size: the shortcut of a ResNet.
        stride = max(1, -(-shape[2] // other[2]))
        if block := block_with_role(error, PROJECT_CHANNELS):
            label = f"Insert a 1x1 projection to {other[1]} channels on {wire}"
            yield insert(error, label, wire, block, out_channels=other[1], kernel_size=1, stride=stride, act="none")
        enlarged = shape[1] == other[1] and other[2] > shape[2] and other[2] % shape[2] == 0
        if enlarged and (block := block_with_role(error, UPSAMPLE)):
            yield insert(error, f"Upsample {wire}", wire, block, scale_factor=other[2] // shape[2])
    if len(shape) == len(other) and shape[-1] != other[-1] and (block := block_with_role(error, PROJECT_FEATURES)):
        yield insert(error, f"Insert a projection to {other[-1]} on {wire}", wire, block, out_features=other[-1])


def _other_layout(error: ErrorContext, wire: Wire, shape: Shape, other: Shape) -> Iterator[Repair]:
    """Yield blocks that convert a tensor to the layout of the other, also with its height and width."""
    for block in converters(error, len(shape), len(other)):
        yield insert(error, f"Insert {block} on {wire}", wire, block)
        spec = error.inferrer.catalog[block]
        if len(other) == 4 and spec.param("height") and spec.param("width"):
            label = f"Insert {block} of {other[2]} x {other[3]} on {wire}"
            yield insert(error, label, wire, block, height=other[2], width=other[3])


def _converted_and_projected(error: ErrorContext, wire: Wire, shape: Shape, other: Shape) -> Iterator[Repair]:
    """Yield a map as tokens of another width: two blocks, because one alone leaves the shapes unequal."""
    project = block_with_role(error, PROJECT_FEATURES)
    if len(shape) != 4 or len(other) != 3 or shape[1] == other[2] or shape[2] * shape[3] != other[1] or project is None:
        return
    for block in converters(error, len(shape), len(other)):
        converted = Wire(new_id(error.graph, block), wire.target, "", wire.target_port)
        convert = insert_edit(error.graph, wire, block)
        widen = insert_edit(error.graph, converted, project, out_features=other[2])
        yield Repair(f"Insert {block} and a projection to {other[2]} on {wire}", (convert, widen))
