"""Find the largest setting of design variables that stays under a budget of parameters and MACs.

The first variable is searched by bisection, because costs grow with it; the others are walked on a grid. Every candidate
is inferred on the meta device, so that divisibility is not guessed: a setting with an error is no candidate.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from composer.core import edits
from composer.core.errors import UserError
from composer.core.graph import Design
from composer.core.scaling import REACH, candidates, integer_variables, steps
from composer.engine.inference.infer import Inferrer

MAX_EVALUATIONS = 400
GRID = 9


@dataclass(frozen=True, slots=True)
class Setting:
    """One candidate: the variables' values and what the design costs with them."""

    values: dict[str, int]
    params: int
    macs: int


@dataclass(frozen=True, slots=True)
class Fit:
    """The best setting, the trade-off table, and how often a design was inferred.

    The table holds the best of each combination of the other variables; of one variable alone, what fits of what was tried.
    """

    best: Setting
    table: tuple[Setting, ...]
    evaluations: int


class _Search:
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
        self.known: dict[tuple[tuple[str, int], ...], Setting | None] = {}

    def cost(self, values: dict[str, int]) -> Setting | None:
        """Costs of a setting; None if the design has errors with it."""
        key = tuple(sorted(values.items()))
        if key not in self.known:
            design = self.design
            for name, value in values.items():
                design = edits.set_variable(design, name, value)
            inference = self.inferrer.infer(design)
            totals = inference.facts.totals
            self.known[key] = None if inference.errors else Setting(values, totals.params, totals.macs)
        return self.known[key]

    def fits(self, setting: Setting) -> bool:
        return (self.params is None or setting.params <= self.params) and (
            self.macs is None or setting.macs <= self.macs
        )

    def use(self, setting: Setting) -> float:
        """How much of the budget a setting uses: the mean share of what is limited."""
        shares = self.shares(setting)
        return sum(shares) / len(shares)

    def shares(self, setting: Setting) -> list[float]:
        """The share of each limit that a setting takes; above 1 it is beyond it."""
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
    """Largest setting under a budget.

    Args:
        design: a design whose variables scale it.
        params: most parameters allowed.
        macs: most MACs of one sample allowed.
        vary: names of the variables to vary, the one searched most finely first; every whole-number variable by default.
        inferrer: keeps its memo.
        progress: is told the share done and what is tried.

    Raises:
        UserError: if there is no budget or no such variable, or no setting meets the budget; the message says the nearest that can.
    """
    if params is None and macs is None:
        raise UserError("no budget: give --params or --macs, such as --params 5M")
    values = integer_variables(design)
    own = list(values)
    for name in vary:
        if name not in own:
            raise UserError(
                f"variable {name!r} cannot be varied; whole-number variables of the design: {', '.join(own) or 'none'}"
            )
    names = list(dict.fromkeys(vary)) or own
    if not names:
        raise UserError(
            "the design has no whole-number variables to vary; add one and use it in parameters, such as =width * 2"
        )
    search = _Search(inferrer or Inferrer(), design, params, macs, progress)
    first, others = names[0], names[1:]
    grids = [_grid(candidates(values[name]), values[name]) for name in others]
    combinations = list(product(*grids))
    table: list[Setting] = []
    for index, combination in enumerate(combinations):
        rest = dict(zip(others, combination, strict=True))
        if progress is not None:
            progress(index / len(combinations), ", ".join(f"{name} {value}" for name, value in rest.items()))
        found = _bisect(search, first, candidates(values[first]), rest)
        if found is not None:
            table.append(found)
        if len(search.known) >= MAX_EVALUATIONS:
            break
    if table and not others:
        table = [setting for setting in search.known.values() if setting is not None and search.fits(setting)]
    if not table:
        legal = [setting for setting in search.known.values() if setting is not None]
        smallest = min(legal, key=lambda setting: max(search.shares(setting)), default=None)
        if smallest is None:
            raise UserError("the design has errors with every setting tried; run `netcomposer check` first")
        nearest = ", ".join(f"{name} {value}" for name, value in smallest.values.items())
        raise UserError(
            f"no setting meets the budget; the nearest is {nearest}, with {smallest.params:,} parameters and {smallest.macs:,} MACs"
        )
    table.sort(key=search.use, reverse=True)
    return Fit(table[0], tuple(table), len(search.known))


def _grid(values: list[int], present: int) -> list[int]:
    """At most GRID values, spread evenly in ratio, the present one among them."""
    if len(values) <= GRID:
        return values
    wanted = [present * REACH ** (2 * i / (GRID - 1) - 1) for i in range(GRID)]
    return sorted({min(values, key=lambda v: abs(v - target)) for target in wanted} | {present})


def _bisect(search: _Search, name: str, values: list[int], rest: dict[str, int]) -> Setting | None:
    """Largest value of one variable that fits; settings with errors are stepped over to the next smaller legal one."""
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
            best = setting if best is None or search.use(setting) > search.use(best) else best
            low = middle + 1
        else:
            high = at
    return best


__all__ = ["Fit", "Setting", "candidates", "fit", "steps"]
