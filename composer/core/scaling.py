"""Integer variables as the sizes of a network: which ones a design has, and useful values for each."""

from composer.core.errors import UserError
from composer.core.expressions import resolve_variables
from composer.core.graph import Design

REACH = 8  # a variable varies from its value divided by this to its value times this
RUNGS = 48


def integer_variables(design: Design) -> dict[str, int]:
    """Return the variables that scale a design: positive integers that are not computed from others.

    >>> from composer.core.graph import Graph
    >>> variables = {"width": 64, "half": "=width // 2", "rate": 0.1, "bias": True}
    >>> integer_variables(Design("a", Graph(), variables=variables))
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
    """Return the step of a variable: the largest power of two up to 8 that divides it, so that heads still divide
    widths.
    """
    return next(step for step in (8, 4, 2, 1) if value % step == 0)


def candidates(value: int) -> list[int]:
    """Return values below and above the current one, in its step."""
    step = steps(value) if value > 12 else 1
    low = max(step, value // REACH // step * step)
    return list(range(low, value * REACH + 1, step))


def ladder(value: int) -> list[int]:
    """Return candidates that grow by about the same ratio, the current value included: the stops of a slider.

    >>> ladder(3)
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 20, 22, 24]
    >>> ladder(64)[:4], ladder(64)[-1], 64 in ladder(64)
    ([8, 16, 24, 32], 512, True)
    """
    values = candidates(value)
    targets = [value * REACH ** (2 * rung / RUNGS - 1) for rung in range(RUNGS + 1)]
    return sorted({min(values, key=lambda v: abs(v - target)) for target in targets} | {value})
