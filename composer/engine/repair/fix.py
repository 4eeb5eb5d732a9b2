"""Apply the first repair of each error, then of each misread input, until none is left: `netcomposer check --fix`."""

from dataclasses import dataclass

from composer.core.graph import Design
from composer.core.repairs import apply_repair
from composer.engine.inference.infer import Inferrer
from composer.engine.repair.context import first_errors, misreads
from composer.engine.repair.search import find_repairs

MAX_STEPS = 100


@dataclass(frozen=True, slots=True)
class Fix:
    """One applied repair.

    Attributes:
        node: id of the item with the error, or ``design``.
        error: its message.
        label: what the repair does.
    """

    node: str
    error: str
    label: str


def fix(design: Design, inferrer: Inferrer | None = None) -> tuple[Design, list[Fix]]:
    """Repair a design as far as offered repairs go.

    Args:
        design: any design.
        inferrer: its memo is used; a new one by default.

    Returns:
        The design and the applied repairs in order; the errors that are left are in its inference.
    """
    inferrer = inferrer or Inferrer()
    fixes: list[Fix] = []
    for _ in range(MAX_STEPS):
        for error in first_errors(inferrer.infer(design), inferrer):
            repairs = find_repairs(inferrer, design, error.id, error.graph_name, limit=1)
            if repairs:
                design = apply_repair(design, repairs[0], graph=error.graph_name)
                fixes.append(Fix(error.id or "design", error.message, repairs[0].label))
                break
        else:
            repaired = _fix_misread(design, inferrer, fixes)
            if repaired is None:
                break
            design = repaired
    return design, fixes


def _fix_misread(design: Design, inferrer: Inferrer, fixes: list[Fix]) -> Design | None:
    """Apply the first repair of a node that misreads its input, and record it; None if there is nothing to repair."""
    for misread in misreads(inferrer.infer(design), inferrer):
        repairs = find_repairs(inferrer, design, misread.id, misread.graph_name, limit=1)
        if repairs:
            fixes.append(Fix(misread.id, f"{misread.id}: {misread.message}", repairs[0].label))
            return apply_repair(design, repairs[0], graph=misread.graph_name)
    return None
