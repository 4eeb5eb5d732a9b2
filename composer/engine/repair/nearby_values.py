"""Legal values near a parameter's current one."""

import difflib
import re
from collections.abc import Iterable, Iterator

from composer.core.declarations import ParamSpec
from composer.core.graph import Each, Literal, Ramp, is_expression
from composer.core.param_check import problem
from composer.engine.repair.context import ErrorContext

# Divisors of larger sizes are not tried.
MAX_DIVIDED_SIZE = 65_536
MAX_DIVISOR = 512


def named_params(error: ErrorContext) -> list[ParamSpec]:
    """Return the parameters that the message names, in its order: it begins with the one that is wrong."""
    params = error.spec.params if error.spec is not None else ()
    positions = {
        param.name: match.start() for param in params if (match := re.search(rf"\b{param.name}\b", error.message))
    }
    return sorted((param for param in params if param.name in positions), key=lambda param: positions[param.name])


def is_tied(value: object) -> bool:
    """Return whether a value is not simply one number: an expression, or a value for each iteration."""
    return isinstance(value, Each | Ramp) or is_expression(value)


def must_divide(error: ErrorContext) -> bool:
    """Return whether the error is that something does not divide something else."""
    return "divide" in error.message or "multiple" in error.message


def nearest(param: ParamSpec, current: object, sizes: Iterable[int], *, divides: bool) -> Iterator[Literal]:
    """Yield legal values of a parameter, the nearest to its current value first.

    Args:
        param: the parameter.
        current: its value.
        sizes: sizes that arrive at the node.
        divides: whether something must divide a size, so that divisors come first.
    """
    if param.type == "choice":
        alike = difflib.get_close_matches(str(current), [str(choice) for choice in param.choices], 1)
        others = (choice for choice in param.choices if choice != current)
        yield from sorted(others, key=lambda choice: str(choice) not in alike)
    elif param.type == "bool":
        yield not current
    elif param.type == "int":
        start = current if isinstance(current, int | float) else param.default if isinstance(param.default, int) else 1
        for value in near_integers(int(start), sizes, divides=divides):
            if value != current and value > 0 and problem(param, value) is None:
                yield value
    elif param.type == "float" and isinstance(current, int | float):
        low, high = param.range or (0.0, 1.0)
        yield min(max(float(current), low), high)


def near_integers(start: int, sizes: Iterable[int], *, divides: bool = True) -> list[int]:
    """Return integers to try instead of one: divisors of sizes first, each group by distance.

    Args:
        start: the integer.
        sizes: sizes that arrive at the node.
        divides: whether something must divide a size; if not, the two nearest integers come before the divisors.
    """
    divisors = {
        divisor
        for size in set(sizes)
        if 0 < size <= MAX_DIVIDED_SIZE
        for divisor in range(1, min(size, MAX_DIVISOR) + 1)
        if size % divisor == 0
    }
    around = {start + step for step in range(-8, 9)}
    eights = {max(8, start // 8 * 8), (start // 8 + 1) * 8}

    def rank(value: int) -> int:
        if not divides and abs(value - start) <= 2:
            return 0
        return 1 if value in divisors else 2

    return sorted(divisors | around | eights | set(sizes), key=lambda value: (rank(value), abs(value - start), -value))


def near_multiples(value: int, numbers: list[int]) -> list[int]:
    """Return the multiples of each number around a value, the nearest first, then the numbers themselves."""
    multiples = [
        multiple
        for divisor in numbers
        if divisor < value
        for multiple in (value // divisor * divisor, -(-value // divisor) * divisor)
    ]
    multiples.sort(key=lambda multiple: abs(multiple - value))
    return [near for near in dict.fromkeys([*multiples, *numbers]) if near > 0 and near != value]


def show(value: Literal) -> str:
    """Return a value as a part of a button's text."""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
