"""Limits of a design that keep every walk over it finite and shallow; no real network comes near them.

Each is refused in one sentence that names it: when a file is read, before an edit is applied, and when a design that
came another way is checked.
"""

from graphlib import CycleError

from composer.core.errors import DesignError
from composer.core.graph import Design
from composer.core.topology import topological_order

MAX_NESTING = 32  # sub-graphs inside each other; each takes several frames of Python's stack in a built model


def nesting(design: Design) -> int:
    """Return how many sub-graphs are inside each other at most; 0 if some contain themselves."""
    inner = {
        name: {node.subgraph for node in graph.nodes.values() if node.subgraph in design.graphs}
        for name, graph in design.all_graphs()
    }
    try:
        order = topological_order(inner, ((name, part) for name, parts in inner.items() for part in parts if part))
    except CycleError:
        return 0
    depths: dict[str | None, int] = {}
    for name in reversed(order):  # what is inside comes first
        depths[name] = max((depths[part] + 1 for part in inner[name]), default=0)
    return max(depths.values())


def nesting_problem(design: Design) -> str | None:
    """Return the problem of sub-graphs that are nested too deeply, in one sentence; None if there is none."""
    depth = nesting(design) if design.graphs else 0
    if depth <= MAX_NESTING:
        return None
    return f"sub-graphs are nested {depth} deep, expected at most {MAX_NESTING}; unpack some of them"


def check_limits(design: Design) -> None:
    """Refuse a design beyond the limits.

    Raises:
        DesignError: with the limit.
    """
    if message := nesting_problem(design):
        raise DesignError(message)
