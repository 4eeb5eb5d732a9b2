"""Whole-number variables as the sizes of a network: which there are, and the values that make sense for one."""

from composer.core.errors import UserError
from composer.core.expressions import resolve_variables
from composer.core.graph import Design

REACH = 8  # a variable is varied from an eighth of its value to eight times of it
RUNGS = 48


def whole_variables(design: Design) -> dict[str, int]:
    """The variables that scale a design: whole numbers above 0 that do not follow from others.

    >>> from composer.core.graph import Graph
    >>> whole_variables(Design("a", Graph(), variables={"width": 64, "half": "=width // 2", "rate": 0.1, "bias": True}))
    {'width': 64}
    """
    try:
        values = resolve_variables(design.variables)
    except UserError:
        values = dict(design.variables)
    own = {name: value for name, value in values.items() if not str(design.variables[name]).startswith("=")}
    return {
        name: value
        for name, value in own.items()
        if isinstance(value, int) and not isinstance(value, bool) and value > 0
    }


def steps(value: int) -> int:
    """Step of a variable: the largest power of two up to 8 that divides its value, so that heads keep dividing widths."""
    return next(step for step in (8, 4, 2, 1) if value % step == 0)


def candidates(value: int) -> list[int]:
    """Values on either side of the present one, in its step."""
    step = steps(value) if value > 12 else 1
    low = max(step, value // REACH // step * step)
    return list(range(low, value * REACH + 1, step))


def ladder(value: int) -> list[int]:
    """Candidates that grow by about the same ratio, the present one among them: the places of a slider.

    >>> ladder(3)
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 20, 22, 24]
    >>> ladder(64)[:4], ladder(64)[-1], 64 in ladder(64)
    ([8, 16, 24, 32], 512, True)
    """
    values = candidates(value)
    wanted = [value * REACH ** (2 * rung / RUNGS - 1) for rung in range(RUNGS + 1)]
    return sorted({min(values, key=lambda v: abs(v - target)) for target in wanted} | {value})
