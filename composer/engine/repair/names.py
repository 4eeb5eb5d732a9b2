"""Variables that an item refers to, and numbers that a variable may have had."""

from collections.abc import Iterator
from contextlib import suppress

from composer.core.errors import UserError
from composer.core.expressions import names as expression_names
from composer.core.graph import Each, Graph, Ramp, is_expression
from composer.engine.repair.context import ErrorContext

# A usual rate of dropout.
RATE = 0.1
COMMON = (1, 2, 3, 4, 8, 16, 32, 64, 96, 128, 192, 224, 256, 384, 512, 768)


def names_of(value: object) -> set[str]:
    """Return the names in the expressions of a parameter value; an invalid expression has none."""
    names: set[str] = set()
    for part in _parts(value):
        if isinstance(part, str) and is_expression(part):
            with suppress(UserError):
                names |= expression_names(part)
    return names


def used_variables(error: ErrorContext) -> set[str]:
    """Return the variables that the item and the instances around it refer to, through other variables too."""
    item = error.graph.item(error.id)
    values: list[object] = [
        *getattr(item, "params", {}).values(),
        getattr(item, "repeat", 1),
        *getattr(item, "shape", ()),
    ]
    for instance in error.instances:
        values += instance.result.node.params.values()
    used: set[str] = set()
    queue = set().union(*map(names_of, values))
    while queue:
        name = queue.pop()
        if name not in used:
            used.add(name)
            queue |= names_of(error.design.variables.get(name))
    return used


def guess_values(error: ErrorContext) -> list[int | float]:
    """Return numbers that a variable may have had: those that the design uses, the most frequent first, then common ones."""
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


def _parts(value: object) -> tuple[object, ...]:
    """Return the single values of a parameter value."""
    if isinstance(value, Each):
        return value.values
    return (value.start, value.stop) if isinstance(value, Ramp) else (value,)
