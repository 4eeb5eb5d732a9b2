"""A variable that is missing or has a wrong value: add it, correct its name, or change its value."""

import difflib
import re
from collections.abc import Iterator
from itertools import islice

from composer.core.errors import UserError
from composer.core.expressions import resolve_variables
from composer.core.facts import Repair
from composer.core.graph import Value, is_expression
from composer.engine.repair.actions import numbers_in, set_param, set_variable
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.names import guess_values, used_variables
from composer.engine.repair.nearby_values import near_integers, near_multiples

MAX_VALUES = 12
COMMON = (8, 16, 32)


@candidates(Stage.LIKELY, rank=80)
def variables(error: ErrorContext) -> Iterator[Repair]:
    """Yield variables that are missing, then other values of those that exist."""
    unknown = re.findall(r"uses '(\w+)', which is not a variable", error.message)
    for name in unknown:
        for similar in difflib.get_close_matches(name, list(error.design.variables), 2):
            yield from _corrected_name(error, name, similar)
        for value in guess_values(error):
            yield set_variable(f"Add variable {name} = {value}", name, value)
    yield from _other_values(error, only_used=bool(unknown))


def _other_values(error: ErrorContext, *, only_used: bool) -> Iterator[Repair]:
    """Yield other values of the design's variables, those that the item uses first."""
    used = used_variables(error)
    try:
        values = resolve_variables(error.design.variables)
    except UserError:
        values = {}
    divisors = sorted(set(numbers_in(error.message)) - {0, 1})
    names = sorted(error.design.variables, key=lambda name: (name not in used, not isinstance(values.get(name), int)))
    for name in names:
        if only_used and name not in used:
            continue
        raw, current = error.design.variables[name], values.get(name)
        is_number = isinstance(current, int | float) and not isinstance(current, bool)
        if not is_number:
            for value in guess_values(error):
                yield set_variable(f"Set variable {name} to {value}", name, value)
            continue
        start = int(current)  # type: ignore[arg-type]
        multiples = near_multiples(start, divisors) if current > 1 else []  # type: ignore[operator]
        near = dict.fromkeys([*multiples, *near_integers(start, error.sizes()), *COMMON])
        for number in islice((v for v in near if v != raw and v > 0), MAX_VALUES):
            yield set_variable(f"Set variable {name} to {number}", name, number)


def _corrected_name(error: ErrorContext, name: str, similar: str) -> Iterator[Repair]:
    """Yield expressions with the name of an existing variable in place of an unknown one."""

    def corrected(value: Value) -> Value:
        return re.sub(rf"\b{name}\b", similar, value) if isinstance(value, str) and is_expression(value) else value

    for key, value in error.node.params.items() if error.node is not None else ():
        if (new := corrected(value)) != value:
            yield set_param(f"Write {similar} in {key}", error.id, key, new)
    for key, value in error.design.variables.items():
        if (new := corrected(value)) != value:
            yield set_variable(f"Write {similar} in variable {key}", key, new)  # type: ignore[arg-type]
