"""Apply the first repair again and again until a design is whole: `netcomposer check --fix`."""

from dataclasses import dataclass

from composer.core.graph import Design
from composer.core.repairs import apply_repair
from composer.engine.infer import GraphResult, Inference, Inferrer
from composer.engine.repair import find_repairs

MAX_STEPS = 100


@dataclass(frozen=True, slots=True)
class Fix:
    """One repair that was applied: where, what was wrong, what was done."""

    node: str
    error: str
    label: str


def first_errors(inference: Inference) -> list[tuple[str, str, str]]:
    """Items with an error of their own as (graph name, id, sentence), causes before what waits for them."""
    found: list[tuple[str, str, str]] = []

    def visit(result: GraphResult) -> None:
        for id, part in result.nodes.items():
            inner = [use for use in part.rounds if isinstance(use, GraphResult)]
            for use in inner:
                visit(use)
            if part.facts.error is not None and not any(use.problem for use in inner):
                found.append((result.name, id, part.facts.error))

    visit(inference.root)
    found.extend((problem.graph, problem.node, problem.message) for problem in inference.structural if problem.level == "error" and problem.node)
    return list(dict.fromkeys(found))


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
        for graph, id, error in first_errors(inferrer.infer(design)):
            offers = find_repairs(inferrer, design, id, graph, limit=1)
            if offers:
                design = apply_repair(design, offers[0], graph)
                done.append(Fix(id, error, offers[0].label))
                break
        else:
            break
    return design, done
