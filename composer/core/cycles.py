"""Circles, in the wires of a graph and in the use of sub-graphs: whether there is one, and which.

With the standard library, because reading a design asks this, also in the window, where importing networkx would take a fifth of
the time that opening a file takes. Whoever needs more of a topology asks `Graph.to_networkx`.
"""

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

SHOWN = 8


def find_cycle(edges: Iterable[tuple[str, str]]) -> list[str] | None:
    """Ids along one circle, each leading to the next and the last to the first; None if there is none.

    >>> find_cycle([("a", "b"), ("b", "c"), ("c", "b")]) in (["b", "c"], ["c", "b"])
    True
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for source, target in edges:
        sorter.add(target, source)
    try:
        sorter.prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found[:-1]
    return None


def in_words(cycle: Sequence[str]) -> str:
    """A circle as ``a -> b -> a``; long ones are shortened in the middle."""
    shown = [*cycle] if len(cycle) <= SHOWN else [*cycle[:4], "...", *cycle[-3:]]
    return " -> ".join([*shown, cycle[0]])
