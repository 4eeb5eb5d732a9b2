"""Apply the first repair again and again until a design is whole: `netcomposer check --fix`."""

from dataclasses import dataclass

from composer.core.graph import Design
from composer.core.repairs import apply_repair
from composer.engine.inference.infer import Inferrer
from composer.engine.repair import find_repairs, first_errors

MAX_STEPS = 100


@dataclass(frozen=True, slots=True)
class Fix:
    """One repair that was applied: where, what was wrong, what was done."""

    node: str
    error: str
    label: str


def fix(design: Design, inferrer: Inferrer | None = None) -> tuple[Design, list[Fix]]:
    """Repair a design as far as offered repairs go.

    Args:
        design: any design.
        inferrer: keeps its memo.

    Returns:
        The design and what was done to it, in order; what is still wrong shows in its inference.
    """
    inferrer = inferrer or Inferrer()
    done: list[Fix] = []
    for _ in range(MAX_STEPS):
        for case in first_errors(inferrer.infer(design), inferrer):
            offers = find_repairs(inferrer, design, case.id, case.graph_name, limit=1)
            if offers:
                design = apply_repair(design, offers[0], case.graph_name)
                done.append(Fix(case.id or "design", case.error, offers[0].label))
                break
        else:
            break
    return design, done
