"""A size on the wire that does not fit: change it at the node or input that determines it."""

from collections.abc import Iterator

from composer.core.facts import Repair
from composer.core.graph import Node
from composer.core.param_check import problem
from composer.engine.repair.actions import numbers_in, set_param, set_shape
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.nearby_values import is_tied, near_multiples

# Nodes that pass a size on are followed upstream this far.
MAX_DEPTH = 8
COMMON_DIVISORS = (8, 16, 32)
COMMON_SIZES = (32, 64, 224)


@candidates(Stage.LIKELY, rank=60)
def upstream_numbers(error: ErrorContext) -> Iterator[Repair]:
    """Yield multiples that a divisor in the message requires, for sizes and inputs upstream."""
    yield from _upstream(error, tied=False)


@candidates(Stage.LAST, rank=30)
def upstream_tied(error: ErrorContext) -> Iterator[Repair]:
    """Yield the same for parameters that are an expression, or a value for each iteration."""
    yield from _upstream(error, tied=True)


def _upstream(error: ErrorContext, *, tied: bool) -> Iterator[Repair]:
    numbers = sorted(set(numbers_in(error.message)) - {0, 1})
    for wire in error.wires:
        origin: str | None = wire.source
        for _ in range(MAX_DEPTH):
            if origin in error.graph.inputs and not error.graph_name and not tied:
                yield from _input_shapes(error, origin or "", numbers)
            node = error.graph.nodes.get(origin or "")
            if node is None or node.block not in error.inferrer.catalog:
                break
            yield from _node_sizes(error, node, numbers, tied=tied)
            incoming = error.graph.in_wires(node.id)
            origin = incoming[0].source if incoming else None


def _node_sizes(error: ErrorContext, node: Node, numbers: list[int], *, tied: bool) -> Iterator[Repair]:
    """Yield multiples for the parameters of a node whose values the message mentions."""
    resolved = error.result.nodes[node.id].facts.resolved if node.id in error.result.nodes else {}
    for param in error.inferrer.catalog[node.block].params:
        value = resolved.get(param.name)
        if is_tied(node.params.get(param.name)) is not tied or param.inferred or param.type != "int":
            continue
        if isinstance(value, int) and value in numbers:
            for near in near_multiples(value, numbers):
                if problem(param, near) is None:
                    yield set_param(f"Set {param.name} of {node.id} to {near}", node.id, param.name, near)


def _input_shapes(error: ErrorContext, id: str, numbers: list[int]) -> Iterator[Repair]:
    """Yield other shapes of a main input: with other axes, or with sizes that numbers of the message divide."""
    item = error.design.main.inputs[id]
    shape = item.shape
    # 1. The axes of an image.
    if len(shape) == 2:
        if shape[0] in (1, 3):  # channels and one side of a square
            yield set_shape(item, (*shape, shape[1]))
        for channels in (3, 1):
            yield set_shape(item, (channels, *shape))
    elif len(shape) == 1:
        yield set_shape(item, (3, shape[0], shape[0]))
    elif len(shape) > 3:
        yield set_shape(item, shape[-3:])

    # 2. Its sides rounded down and up to a multiple, the nearer one first; then common sizes.
    if len(shape) == 3 and isinstance(shape[1], int) and isinstance(shape[2], int) and shape[1] and shape[2]:
        sides = height, width = shape[1], shape[2]
        for number in (*numbers, *COMMON_DIVISORS):
            down = tuple(max(side // number, 1) * number for side in sides)
            up = tuple(-(-side // number) * number for side in sides)
            for tiled in sorted({down, up} - {sides}, key=lambda tiled: abs(tiled[0] - height) + abs(tiled[1] - width)):
                yield set_shape(item, (shape[0], *tiled))
        for size in COMMON_SIZES:
            yield set_shape(item, (shape[0], size, size))
