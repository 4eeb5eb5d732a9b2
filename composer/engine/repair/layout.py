"""Candidates between nodes: blocks that change the layout, the width or the size of what a wire brings."""

import re
from collections.abc import Iterator

from composer.core import names
from composer.core.blocks.roles import LAYOUTS, PAD, PROJECT_CHANNELS, PROJECT_FEATURES, UPSAMPLE
from composer.core.facts import Repair
from composer.core.graph import Wire
from composer.engine.repair.context import Case, insert, several

_LAYOUT_OF_AXES = {axes: layout for layout, axes in LAYOUTS.items()}


def between(case: Case, shape: tuple[int, ...], axes: tuple[str, ...]) -> list[str]:
    """Return the blocks that convert the layout of a shape to the layout that a port takes."""
    if not axes or "..." in axes or len(axes) == len(shape):
        return []
    return converters(case, len(shape), len(axes))


def converters(case: Case, source_axes: int, target_axes: int) -> list[str]:
    """Return the blocks that convert between the layouts with the given numbers of axes."""
    source, target = _LAYOUT_OF_AXES.get(source_axes), _LAYOUT_OF_AXES.get(target_axes)
    if source is None or target is None:
        return []
    return [spec.name for spec in case.inferrer.catalog.converters(source, target)]


def block_with_role(case: Case, role: str) -> str | None:
    """Return the first block with a role, the library's before custom ones."""
    return next((spec.name for spec in case.inferrer.catalog.with_role(role)), None)


def layouts(case: Case) -> Iterator[Repair]:
    """Change of layout where the number of axes does not fit: map, tokens, vector."""
    for wire, axes, shape in wired(case):
        for block in between(case, shape, axes):
            yield insert(f"Insert {block} on {wire}", wire, block)


def projections(case: Case) -> Iterator[Repair]:
    """Make the inputs of a merge agree in width, size and layout; pad a map to what the block divides it by."""
    wires = list(wired(case))
    shapes = [shape for _, _, shape in wires]
    for wire, _, shape in wires:
        for other in dict.fromkeys(shapes):
            if other != shape:
                yield from _towards(case, wire, shape, other)
                yield from _as_tokens(case, wire, shape, other)
    pad, project = block_with_role(case, PAD), block_with_role(case, PROJECT_CHANNELS)
    for wire, axes, shape in wires:
        if len(shape) == 4 and pad is not None:
            for multiple in sorted({int(text) for text in re.findall(r"\b\d+\b", case.error)} & set(range(2, 65))):
                yield insert(f"Pad {wire} to multiples of {multiple}", wire, pad, multiple=multiple)
        if len(axes) == len(shape) == 4 and axes[1].isdigit() and project is not None:
            label = f"Insert a 1x1 projection to {axes[1]} channels on {wire}"
            yield insert(label, wire, project, out_channels=int(axes[1]), kernel_size=1)


def _towards(case: Case, wire: Wire, shape: tuple[int, ...], other: tuple[int, ...]) -> Iterator[Repair]:
    """Bring what a wire carries to the shape of another input."""
    if len(shape) == len(other) == 4:
        # A 1x1 convolution brings width and, by its stride, size: the shortcut of a ResNet.
        stride = max(1, -(-shape[2] // other[2]))
        if block := block_with_role(case, PROJECT_CHANNELS):
            label = f"Insert a 1x1 projection to {other[1]} channels on {wire}"
            yield insert(label, wire, block, out_channels=other[1], kernel_size=1, stride=stride, act="none")
        enlarged = shape[1] == other[1] and other[2] > shape[2] and other[2] % shape[2] == 0
        if enlarged and (block := block_with_role(case, UPSAMPLE)):
            yield insert(f"Upsample {wire}", wire, block, scale_factor=other[2] // shape[2])
    if len(shape) == len(other) and shape[-1] != other[-1] and (block := block_with_role(case, PROJECT_FEATURES)):
        yield insert(f"Insert a projection to {other[-1]} on {wire}", wire, block, out_features=other[-1])
    for block in converters(case, len(shape), len(other)):
        yield insert(f"Insert {block} on {wire}", wire, block)
        spec = case.inferrer.catalog[block]
        if len(other) == 4 and spec.param("height") and spec.param("width"):
            label = f"Insert {block} of {other[2]} x {other[3]} on {wire}"
            yield insert(label, wire, block, height=other[2], width=other[3])


def _as_tokens(case: Case, wire: Wire, shape: tuple[int, ...], other: tuple[int, ...]) -> Iterator[Repair]:
    """A map as tokens of another width: two blocks, because one alone leaves the shapes unequal."""
    project = block_with_role(case, PROJECT_FEATURES)
    if len(shape) != 4 or len(other) != 3 or shape[1] == other[2] or shape[2] * shape[3] != other[1] or project is None:
        return
    for block in converters(case, len(shape), len(other)):
        tokens = names.fresh(names.snake(block), set(case.graph.ids()))
        widened = Wire(tokens, wire.target, "", wire.target_port)
        label = f"Insert {block} and a projection to {other[2]} on {wire}"
        yield several(label, insert("", wire, block), insert("", widened, project, out_features=other[2]))


def wired(case: Case) -> Iterator[tuple[Wire, tuple[str, ...], tuple[int, ...]]]:
    """Each wire into the node with the axes its port expects and the shape it brings."""
    if case.spec is None:
        return
    ports = [port.name for port in case.spec.inputs]
    for wire in case.graph.in_wires(case.id):
        value = case.value(wire)
        index = ports.index(wire.target_port) if wire.target_port in ports else 0
        if value is not None and index < len(case.spec.shapes.inputs):
            yield wire, case.spec.shapes.inputs[index], value.shape
