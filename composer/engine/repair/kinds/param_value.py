"""A parameter with a wrong value: a legal value near it."""

from collections.abc import Iterable, Iterator
from itertools import islice

from composer.core.declarations import ParamSpec
from composer.core.facts import Repair
from composer.core.graph import Each, Literal
from composer.engine.repair.actions import set_param
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.nearby_values import is_tied, must_divide, named_params, nearest, show

# Values tried for a parameter that the message names, and for another one.
MAX_VALUES, MAX_OTHER_VALUES = 8, 3


@candidates(Stage.LIKELY, rank=10)
def named(error: ErrorContext) -> Iterator[Repair]:
    """Yield values of the parameters that the message names."""
    for param in named_params(error):
        raw = error.node.params.get(param.name) if error.node is not None else None
        if isinstance(raw, Each) and not param.inferred:
            yield from _one_iteration(error, param, raw)
        yield from _values(error, param, MAX_VALUES, tied=False)


@candidates(Stage.LAST, rank=10)
def others(error: ErrorContext) -> Iterator[Repair]:
    """Yield values of the parameters that the message does not name."""
    mentioned = named_params(error)
    for param in error.spec.params if error.spec is not None else ():
        if param not in mentioned:
            yield from _values(error, param, MAX_OTHER_VALUES, tied=False)


@candidates(Stage.LAST, rank=20)
def tied(error: ErrorContext) -> Iterator[Repair]:
    """Yield numbers for the named parameters that are an expression, or a value for each iteration."""
    for param in named_params(error):
        yield from _values(error, param, MAX_VALUES, tied=True)


def _values(error: ErrorContext, param: ParamSpec, count: int, *, tied: bool) -> Iterator[Repair]:
    """Yield values of one parameter, if it is tied or not as requested; one that the wire determines is left alone."""
    node = error.node
    if node is None or param.inferred or is_tied(node.params.get(param.name)) is not tied:
        return
    current = error.facts.resolved.get(param.name, node.params.get(param.name, param.default))
    for value in islice(nearest(param, current, error.sizes(), divides=must_divide(error)), count):
        yield set_param(f"Set {param.name} to {show(value)}", error.id, param.name, value)


def _one_iteration(error: ErrorContext, param: ParamSpec, raw: Each) -> Iterator[Repair]:
    """Yield values for the iterations whose value is wrong; the others keep theirs."""
    wrong = next((value for value in raw.values if f"{param.name}: {value!r} " in error.message), None)
    if wrong is None:
        return
    for value in islice(nearest(param, wrong, error.sizes(), divides=must_divide(error)), MAX_VALUES):
        values = _replaced(raw.values, wrong, value)
        yield set_param(f"Set {param.name} to {show(value)} where it is {wrong}", error.id, param.name, Each(values))


def _replaced(values: Iterable[Literal], old: Literal, new: Literal) -> tuple[Literal, ...]:
    return tuple(new if value == old else value for value in values)
