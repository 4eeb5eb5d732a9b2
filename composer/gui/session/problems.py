"""The problems of a design as the window lists them: structural ones and those that the engine found at a node, each once."""

from collections.abc import Iterable
from dataclasses import dataclass

from composer.core.facts import DesignFacts, Repair
from composer.core.graph import Design
from composer.core.node_paths import first_instance
from composer.core.rules import Problem


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of the list.

    Args:
        message: one sentence.
        path: node ids from the main graph inwards; empty for the design as a whole.
        level: ``error`` or ``warning``.
        repairs: changes that were tried and would solve it.
    """

    message: str
    path: tuple[str, ...] = ()
    level: str = "error"
    repairs: tuple[Repair, ...] = ()


def listed(design: Design, facts: DesignFacts, structural: Iterable[Problem]) -> list[Shown]:
    """All problems: errors before warnings, in the order of the design.

    Args:
        design: the design.
        facts: what the engine knows of its nodes.
        structural: problems of the drawing itself.
    """
    if not any(True for _ in design.main.ids()):
        return []  # an empty canvas teaches; it does not complain
    found: dict[tuple[tuple[str, ...], str], Shown] = {}
    for path, node in facts.nodes.items():
        if node.error is not None:
            ids = tuple(part for part in path.split("/") if not part.isdigit())
            found.setdefault((ids, node.error), Shown(node.error, ids, "error", node.repairs))
    placed = {ids for ids, _ in found}
    # What is wrong inside a sub-graph is said there, not again at its use.
    around = {ids[:depth] for ids in placed for depth in range(1, len(ids))}
    found = {key: shown for key, shown in found.items() if not (key[0] in around and ": inside " in shown.message)}
    for problem in structural:
        home = first_instance(design, problem.graph) or ()
        ids = (*home, problem.node) if problem.node is not None else ()
        if not (ids and ids in placed):
            found.setdefault((ids, problem.message), Shown(problem.message, ids, problem.level))
    return sorted(found.values(), key=lambda shown: shown.level != "error")
