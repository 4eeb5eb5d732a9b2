"""Order, cycles and reachability of a directed graph.

Built on the standard library: reading a design and inferring its shapes need these first, and importing networkx would
take a fifth of the time that opening a file takes. Algorithms that need more of a topology use `Graph.to_networkx`.
"""

import heapq
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

MAX_CYCLE_IDS = 8  # ids of a cycle that a message names

T = TypeVar("T", bound=Hashable)


def reachable(starts: Iterable[T], successors: Callable[[T], Iterable[T]]) -> dict[T, T | None]:
    """Find everything that can be reached from some items, breadth first.

    Args:
        starts: the items to start from.
        successors: returns what one step from an item reaches.

    Returns:
        Each reached item, the starts included, with the item from which it was first reached; None for the starts.

    >>> reachable("a", {"a": "bc", "b": "d", "c": "d", "d": "a"}.__getitem__)
    {'a': None, 'b': 'a', 'c': 'a', 'd': 'b'}
    """
    origins: dict[T, T | None] = dict.fromkeys(starts)
    queue = deque(origins)
    while queue:
        item = queue.popleft()
        for successor in successors(item):
            if successor not in origins:
                origins[successor] = item
                queue.append(successor)
    return origins


def find_cycle(edges: Iterable[tuple[str, str]]) -> list[str] | None:
    """Return the ids along one cycle, each with an edge to the next and the last to the first; None if there is none.

    >>> find_cycle([("a", "b"), ("b", "c"), ("c", "b")]) in (["b", "c"], ["c", "b"])
    True
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for source, target in edges:
        sorter.add(target, source)
    try:
        sorter.prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle[:-1]
    return None


def topological_order(ids: Iterable[str], edges: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Order ids so that every edge points forward; among several that could come next, the first of `ids` does.

    Raises:
        graphlib.CycleError: if the edges form a cycle.

    >>> topological_order("cab", [("b", "c")])
    ('a', 'b', 'c')
    """
    names = list(ids)
    rank = {id: index for index, id in enumerate(names)}
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(names, ()))
    for source, target in edges:
        sorter.add(target, source)
    sorter.prepare()
    order: list[str] = []
    ready: list[tuple[int, str]] = []
    while sorter.is_active():
        for id in sorter.get_ready():
            heapq.heappush(ready, (rank.get(id, len(rank)), id))
        _, first = heapq.heappop(ready)
        sorter.done(first)
        order.append(first)
    return tuple(order)


def format_cycle(cycle: Sequence[str]) -> str:
    """Write a cycle as ``a -> b -> a``; long ones are shortened in the middle."""
    ids = [*cycle] if len(cycle) <= MAX_CYCLE_IDS else [*cycle[:4], "...", *cycle[-3:]]
    return " -> ".join([*ids, cycle[0]])
