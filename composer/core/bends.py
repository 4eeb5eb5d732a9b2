"""Bends: points on the canvas that a wire passes through. They belong to the drawing: wires that differ only in bends
are equal.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import dist, inf

from composer.core.errors import DesignError
from composer.core.graph import Design, Graph, Point, Wire


def bends_of(graph: Graph, wire: Wire) -> tuple[Point, ...]:
    """Return the bends that a graph stores for a wire; none if the graph has no such wire."""
    return next((stored.bends for stored in graph.wires if stored == wire), ())


def set_bends(design: Design, wire: Wire, bends: Iterable[Point], *, graph: str = "") -> Design:
    """Route a wire through the given points.

    Raises:
        DesignError: if there is no such wire.
    """
    home = design.graph(graph)
    if wire not in home.wires:
        raise DesignError(f"wire {wire} does not exist")
    return design.with_graph(graph, map_bends(home, lambda other: tuple(bends) if other == wire else other.bends))


def straighten(design: Design, ids: Iterable[str], *, graph: str = "") -> Design:
    """Remove the bends of all wires at the given items, because bends are useless once the items have moved."""
    moved = set(ids)
    home = design.graph(graph)
    straight = map_bends(home, lambda wire: () if wire.source in moved or wire.target in moved else wire.bends)
    return design if straight is home else design.with_graph(graph, straight)


def map_bends(graph: Graph, bends: Callable[[Wire], tuple[Point, ...]]) -> Graph:
    """Return the graph with each wire's bends computed by a function; the same object if nothing differs."""
    wires = tuple(wire if (new := bends(wire)) == wire.bends else replace(wire, bends=new) for wire in graph.wires)
    unchanged = all(new is old for new, old in zip(wires, graph.wires, strict=True))
    return graph if unchanged else replace(graph, wires=wires)


def shift_bends(bends: Iterable[Point], offset: Point) -> tuple[Point, ...]:
    """Return bends shifted by an offset in pixels."""
    return tuple((x + offset[0], y + offset[1]) for x, y in bends)


def move_bends(graph: Graph, offsets: Mapping[str, Point]) -> Graph:
    """Return the graph with the bends of every wire shifted whose two ends move by the same offset.

    Args:
        graph: the graph.
        offsets: by how much each moving item moves, in pixels.
    """
    if not any(wire.bends for wire in graph.wires):
        return graph

    def shifted(wire: Wire) -> tuple[Point, ...]:
        offset = offsets.get(wire.source)
        if offset is None or offsets.get(wire.target) != offset:
            return wire.bends
        return shift_bends(wire.bends, offset)

    return map_bends(graph, shifted)


def bend_index(bends: Sequence[Point], route: Sequence[Point], new: Point) -> int:
    """Return where a new bend belongs among the others, by the order in which the wire passes them.

    Args:
        bends: the other bends.
        route: corners of the wire as it runs now.
        new: the new bend.
    """
    distance = _distance_along(route, new)
    return sum(_distance_along(route, bend) <= distance for bend in bends)


def _distance_along(polyline: Sequence[Point], point: Point) -> float:
    """Return the length of a polyline from its start to its nearest point to `point`."""
    nearest, distance, start = inf, 0.0, 0.0
    for (ax, ay), (bx, by) in pairwise(polyline):
        length = dist((ax, ay), (bx, by))
        # The nearest point of this segment: the projection of `point`, clamped to the two ends.
        share = ((point[0] - ax) * (bx - ax) + (point[1] - ay) * (by - ay)) / length**2 if length else 0.0
        share = min(max(share, 0.0), 1.0)
        offset = dist(point, (ax + (bx - ax) * share, ay + (by - ay) * share))
        if offset < nearest:
            nearest, distance = offset, start + share * length
        start += length
    return distance
