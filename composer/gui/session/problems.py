"""The problems that the window lists, each once: structural ones and those that the engine reports for a node."""

from collections.abc import Iterable
from dataclasses import dataclass

from composer.core.facts import DesignFacts, Repair
from composer.core.graph import Design
from composer.core.node_paths import first_instance
from composer.core.rules import Problem

LEVELS = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class ListedProblem:
    """One row of the problem list.

    Args:
        message: one sentence.
        path: node ids from the main graph inwards; empty for the design as a whole.
        level: ``error``, ``warning``, or ``info`` for what is merely not drawn yet.
        repairs: changes that the engine has tried and that fix the problem.
        repairable: whether the engine may find repairs.
    """

    message: str
    path: tuple[str, ...] = ()
    level: str = "error"
    repairs: tuple[Repair, ...] = ()
    repairable: bool = False


def list_problems(design: Design, facts: DesignFacts, structural: Iterable[Problem]) -> list[ListedProblem]:
    """List all problems: errors before warnings, in the order of the design.

    Args:
        design: the design.
        facts: the engine's results for its nodes.
        structural: problems of the drawing itself.
    """
    if not any(True for _ in design.main.ids()):
        return []  # the empty canvas shows how to start; complaints would be in the way
    rows: dict[tuple[tuple[str, ...], str], ListedProblem] = {}
    for path, node in facts.nodes.items():
        if node.error is not None:
            ids = tuple(part for part in path.split("/") if not part.isdigit())
            rows.setdefault((ids, node.error), ListedProblem(node.error, ids, "error", node.repairs, repairable=True))
    misread = {
        tuple(part for part in path.split("/") if not part.isdigit()): node
        for path, node in facts.nodes.items()
        if node.warning is not None
    }
    located = {ids for ids, _ in rows}
    # An error inside a sub-graph is listed there, not a second time at the instance that contains it.
    containers = {ids[:depth] for ids in located for depth in range(1, len(ids))}
    rows = {key: row for key, row in rows.items() if not (key[0] in containers and ": inside " in row.message)}
    for problem in structural:
        home = first_instance(design, problem.graph) or ()
        ids = (*home, problem.node) if problem.node is not None else ()
        if not (ids and ids in located):
            repairable = problem.level == "error"
            # A network that has no output yet is not wrong: whoever draws the first node must not be alarmed.
            level = "info" if not ids and not design.main.outputs else problem.level
            row = ListedProblem(problem.message, ids, level, repairable=repairable)
            rows.setdefault((ids, problem.message), row)
    for ids, node in misread.items():
        message = f"{ids[-1]}: {node.warning}"
        rows.setdefault((ids, message), ListedProblem(message, ids, "warning", node.repairs, repairable=True))
    return sorted(rows.values(), key=lambda row: LEVELS.index(row.level))
