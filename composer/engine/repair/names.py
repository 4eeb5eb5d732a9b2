"""Variables that an item refers to, and numbers that a variable may have had."""

from collections.abc import Iterator

from composer.core.expressions import value_names
from composer.core.graph import Graph, Value
from composer.core.topology import reachable
from composer.engine.repair.context import ErrorContext

# A usual rate of dropout.
RATE = 0.1
COMMON = (1, 2, 3, 4, 8, 16, 32, 64, 96, 128, 192, 224, 256, 384, 512, 768)


def used_variables(error: ErrorContext) -> set[str]:
    """Return the variables that the item and the instances around it refer to, through other variables too."""
    item = error.graph.item(error.id)
    values: list[Value] = [
        *getattr(item, "params", {}).values(),
        getattr(item, "repeat", 1),
        *getattr(item, "shape", ()),
    ]
    for instance in error.instances:
        values += instance.result.node.params.values()
    variables = error.design.variables
    direct = set().union(*map(value_names, values))
    return set(reachable(direct, lambda name: value_names(variables.get(name))))


def guess_values(error: ErrorContext) -> list[int | float]:
    """Return numbers that a variable may have had: those in the design, the most frequent first, then common ones."""
    numbers = [value for value in error.design.variables.values() if _is_size(value)]
    for graph in (error.design.main, *error.design.graphs.values()):
        numbers.extend(_sizes(graph))
    frequent = sorted(set(numbers), key=lambda value: -numbers.count(value))[:8]
    return list(dict.fromkeys([*frequent[:4], RATE, *frequent[4:], *COMMON]))  # type: ignore[list-item]


def _sizes(graph: Graph) -> Iterator[int]:
    """Yield the positive integers in a graph: sizes of inputs, and parameters."""
    for item in graph.inputs.values():
        yield from (size for size in item.shape if isinstance(size, int) and size > 0)
    for node in graph.nodes.values():
        yield from (value for value in node.params.values() if _is_size(value))  # type: ignore[misc]


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
