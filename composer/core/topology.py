"""What follows from wires alone: the order in which things run, and whether they run in a circle.

With the standard library, because reading a design and inferring its shapes ask this first: importing networkx would be a fifth of the
time that opening a file takes, and half of a summary whose costs are known. Whoever needs more of a topology, and the compiler,
asks `Graph.to_networkx`.
"""

import heapq
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


def ordered(ids: Iterable[str], edges: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Ids in an order in which every edge points forward; where several could come next, the first of `ids` does.

    Raises:
        graphlib.CycleError: if edges form a circle.

    >>> ordered("cab", [("b", "c")])
    ('a', 'b', 'c')
    """
    names = list(ids)
    rank = {id: index for index, id in enumerate(names)}
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(names, ()))
    for source, target in edges:
        sorter.add(target, source)
    sorter.prepare()
    found: list[str] = []
    ready: list[tuple[int, str]] = []
    while sorter.is_active():
        for id in sorter.get_ready():
            heapq.heappush(ready, (rank.get(id, len(rank)), id))
        _, first = heapq.heappop(ready)
        sorter.done(first)
        found.append(first)
    return tuple(found)


def in_words(cycle: Sequence[str]) -> str:
    """A circle as ``a -> b -> a``; long ones are shortened in the middle."""
    shown = [*cycle] if len(cycle) <= SHOWN else [*cycle[:4], "...", *cycle[-3:]]
    return " -> ".join([*shown, cycle[0]])
