"""Find the largest setting of design variables that stays under a budget of parameters and MACs.

The first variable is searched by bisection, because costs grow with it; the others are tried on a grid. Every candidate
is inferred on the meta device, which finds errors such as divisibility; a setting with an error is skipped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from composer.core import edits
from composer.core.errors import UserError
from composer.core.graph import Design
from composer.core.scaling import REACH, candidates, integer_variables
from composer.engine.inference.infer import Inferrer

MAX_EVALUATIONS = 400
GRID = 9


@dataclass(frozen=True, slots=True)
class Setting:
    """One candidate: the variables' values and the costs of the design with them.

    Args:
        values: by variable name.
        params: number of parameters.
        macs: MACs of one sample.
    """

    values: dict[str, int]
    params: int
    macs: int


@dataclass(frozen=True, slots=True)
class Fit:
    """The result of a search.

    Args:
        best: the setting that uses most of the budget.
        table: the best setting for each combination of the other variables; if only one variable is varied, every tried
            setting that fits.
        evaluations: how many settings were inferred.
    """

    best: Setting
    table: tuple[Setting, ...]
    evaluations: int


class _Search:
    """The budget and the settings inferred so far.

    Attributes:
        cache: the setting of each combination of values; None if the design has errors with it.
    """

    def __init__(
        self,
        inferrer: Inferrer,
        design: Design,
        params: int | None,
        macs: int | None,
        progress: Callable[[float, str], None] | None,
    ) -> None:
        self.inferrer = inferrer
        self.design = design
        self.params = params
        self.macs = macs
        self.progress = progress
        self.cache: dict[tuple[tuple[str, int], ...], Setting | None] = {}

    def cost(self, values: dict[str, int]) -> Setting | None:
        """Infer a setting; None if the design has errors with it."""
        key = tuple(sorted(values.items()))
        if key not in self.cache:
            design = self.design
            for name, value in values.items():
                design = edits.set_variable(design, name, value)
            inference = self.inferrer.infer(design)
            totals = inference.facts.totals
            self.cache[key] = None if inference.errors else Setting(values, totals.params, totals.macs)
        return self.cache[key]

    def fits(self, setting: Setting) -> bool:
        """Return whether a setting meets every limit."""
        return (self.params is None or setting.params <= self.params) and (
            self.macs is None or setting.macs <= self.macs
        )

    def legal(self) -> list[Setting]:
        """Return the settings inferred so far that have no errors."""
        return [setting for setting in self.cache.values() if setting is not None]

    def usage(self, setting: Setting) -> float:
        """Return the mean share of the limits that a setting uses."""
        shares = self.shares(setting)
        return sum(shares) / len(shares)

    def shares(self, setting: Setting) -> list[float]:
        """Return the share of each limit that a setting uses; above 1 it exceeds the limit."""
        shares = [setting.params / self.params] if self.params else []
        return shares + ([setting.macs / self.macs] if self.macs else [])


def fit(
    design: Design,
    *,
    params: int | None = None,
    macs: int | None = None,
    vary: Sequence[str] = (),
    inferrer: Inferrer | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Fit:
    """Find the largest setting under a budget.

    Args:
        design: a design whose variables scale it.
        params: largest number of parameters.
        macs: largest number of MACs of one sample.
        vary: names of the variables to vary, the most finely searched first; every integer variable by default.
        inferrer: its memo is used; a new one by default.
        progress: receives the share done and the values that are tried.

    Raises:
        UserError: if there is no budget or no such variable, or no setting meets the budget; then the message names the
            setting that comes nearest.
    """
    if params is None and macs is None:
        raise UserError("there is no budget; give --params or --macs, such as --params 5M")
    values = integer_variables(design)
    first, *others = _variables(values, vary)
    search = _Search(inferrer or Inferrer(), design, params, macs, progress)
    grids = [_grid(candidates(values[name]), values[name]) for name in others]
    combinations = list(product(*grids))
    table: list[Setting] = []
    for index, combination in enumerate(combinations):
        rest = dict(zip(others, combination, strict=True))
        if progress is not None:
            progress(index / len(combinations), ", ".join(f"{name} {value}" for name, value in rest.items()))
        setting = _bisect(search, first, candidates(values[first]), rest)
        if setting is not None:
            table.append(setting)
        if len(search.cache) >= MAX_EVALUATIONS:
            break
    if table and not others:
        table = [setting for setting in search.legal() if search.fits(setting)]
    if not table:
        raise _no_fit(search)
    table.sort(key=search.usage, reverse=True)
    return Fit(table[0], tuple(table), len(search.cache))


def _variables(values: dict[str, int], vary: Sequence[str]) -> list[str]:
    """Return the names of the variables to vary: those of `vary`, or all.

    Raises:
        UserError: if there are none, or one of `vary` is not an integer variable.
    """
    for name in vary:
        if name not in values:
            integers = ", ".join(values) or "none"
            raise UserError(f"variable {name!r} cannot be varied; integer variables of the design: {integers}")
    if not values:
        raise UserError(
            "the design has no integer variables to vary; add one and use it in parameters, such as =width * 2"
        )
    return list(dict.fromkeys(vary)) or list(values)


def _no_fit(search: _Search) -> UserError:
    """Return the error for a budget that no setting meets; it names the setting that comes nearest."""
    smallest = min(search.legal(), key=lambda setting: max(search.shares(setting)), default=None)
    if smallest is None:
        return UserError("the design has errors with every setting tried; run `netcomposer check` first")
    nearest = ", ".join(f"{name} {value}" for name, value in smallest.values.items())
    return UserError(
        f"no setting meets the budget; the nearest is {nearest}, "
        f"with {smallest.params:,} parameters and {smallest.macs:,} MACs"
    )


def _grid(values: list[int], present: int) -> list[int]:
    """Return at most GRID values, evenly spaced on a logarithmic scale, the present value among them."""
    if len(values) <= GRID:
        return values
    targets = [present * REACH ** (2 * i / (GRID - 1) - 1) for i in range(GRID)]
    return sorted({min(values, key=lambda v: abs(v - target)) for target in targets} | {present})


def _bisect(search: _Search, name: str, values: list[int], rest: dict[str, int]) -> Setting | None:
    """Find the largest value of one variable that fits; values with errors are passed over for smaller ones."""
    low, high = 0, len(values) - 1
    best: Setting | None = None
    while low <= high:
        middle = (low + high) // 2
        at = middle
        setting = None
        while at >= low and setting is None:
            setting = search.cost({name: values[at], **rest})
            at -= 1
        if setting is None:
            low = middle + 1
        elif search.fits(setting):
            best = setting if best is None or search.usage(setting) > search.usage(best) else best
            low = middle + 1
        else:
            high = at
    return best
