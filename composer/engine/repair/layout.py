"""Candidates between nodes: blocks that change the layout, the width or the size of what a wire brings."""

import re
from collections.abc import Iterator

from composer.core import names
from composer.core.facts import Repair
from composer.core.graph import Wire
from composer.engine.repair.context import Case, insert, several

# From the number of axes that a wire brings to the number that a port takes.
_BETWEEN = {
    (4, 3): ("MapToTokens", "PatchEmbed"),
    (3, 4): ("TokensToMap",),
    (4, 2): ("GlobalAvgPool", "Flatten"),
    (3, 2): ("SequencePool", "SelectTokens", "Flatten"),
}


def between(case: Case, shape: tuple[int, ...], axes: tuple[str, ...]) -> list[str]:
    """Blocks that change the layout from what a wire brings to what a port takes."""
    if not axes or "..." in axes or len(axes) == len(shape):
        return []
    return [block for block in _BETWEEN.get((len(shape), len(axes)), ()) if block in case.inferrer.catalog]


def layouts(case: Case) -> Iterator[Repair]:
    """Change of layout where the number of axes does not fit: map, tokens, vector."""
    for wire, axes, shape in wired(case):
        for block in between(case, shape, axes):
            yield insert(f"Insert {block} on {wire}", wire, block)


def projections(case: Case) -> Iterator[Repair]:
    """Make the inputs of a merge agree in width, size and layout; pad a map to what the block divides it by."""
    found = list(wired(case))
    shapes = [shape for _, _, shape in found]
    for wire, _, shape in found:
        for other in dict.fromkeys(shapes):
            if other != shape:
                yield from _towards(wire, shape, other)
                yield from _as_tokens(case, wire, shape, other)
    for wire, axes, shape in found:
        if len(shape) == 4 and "Pad2d" in case.inferrer.catalog:
            for multiple in sorted({int(text) for text in re.findall(r"\b\d+\b", case.error)} & set(range(2, 65))):
                yield insert(f"Pad {wire} to multiples of {multiple}", wire, "Pad2d", multiple=multiple)
        if len(axes) == len(shape) == 4 and axes[1].isdigit():
            label = f"Insert a 1x1 projection to {axes[1]} channels on {wire}"
            yield insert(label, wire, "ConvNormAct", out_channels=int(axes[1]), kernel_size=1)


def _towards(wire: Wire, shape: tuple[int, ...], other: tuple[int, ...]) -> Iterator[Repair]:
    """Bring what a wire carries to the shape of another input."""
    if len(shape) == len(other) == 4:
        # A 1x1 convolution brings width and, by its stride, size: the shortcut of a ResNet.
        stride = max(1, -(-shape[2] // other[2]))
        label = f"Insert a 1x1 projection to {other[1]} channels on {wire}"
        yield insert(label, wire, "ConvNormAct", out_channels=other[1], kernel_size=1, stride=stride, act="none")
        if shape[1] == other[1] and other[2] > shape[2] and other[2] % shape[2] == 0:
            yield insert(f"Upsample {wire}", wire, "Upsample", scale_factor=other[2] // shape[2])
    if len(shape) == len(other) and shape[-1] != other[-1]:
        yield insert(f"Insert a projection to {other[-1]} on {wire}", wire, "Linear", out_features=other[-1])
    if len(shape) == 4 and len(other) == 3:
        yield insert(f"Insert MapToTokens on {wire}", wire, "MapToTokens")
    if len(shape) == 3 and len(other) == 4:
        yield insert(f"Insert TokensToMap on {wire}", wire, "TokensToMap")
        yield insert(
            f"Insert TokensToMap of {other[2]} x {other[3]} on {wire}",
            wire,
            "TokensToMap",
            height=other[2],
            width=other[3],
        )


def _as_tokens(case: Case, wire: Wire, shape: tuple[int, ...], other: tuple[int, ...]) -> Iterator[Repair]:
    """A map as tokens of another width: two blocks, because one alone leaves the shapes unequal."""
    if len(shape) == 4 and len(other) == 3 and shape[1] != other[2] and shape[2] * shape[3] == other[1]:
        tokens = names.fresh(names.snake("MapToTokens"), set(case.graph.ids()))
        widened = Wire(tokens, wire.target, "", wire.target_port)
        label = f"Insert MapToTokens and a projection to {other[2]} on {wire}"
        yield several(label, insert("", wire, "MapToTokens"), insert("", widened, "Linear", out_features=other[2]))


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
