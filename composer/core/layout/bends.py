"""Bend points: places that a wire is led through. They belong to the drawing; two wires that differ in them only are equal."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import dist, inf

from composer.core.errors import DesignError
from composer.core.graph import Design, Graph, Point, Wire


def bends_of(graph: Graph, wire: Wire) -> tuple[Point, ...]:
    """The bends that a wire has in a graph; none for a wire that it does not hold."""
    return next((found.bends for found in graph.wires if found == wire), ())


def set_bends(design: Design, wire: Wire, bends: Iterable[Point], graph: str = "") -> Design:
    """Lead a wire through other places.

    Raises:
        DesignError: if there is no such wire.
    """
    home = design.graph(graph)
    if wire not in home.wires:
        raise DesignError(f"wire {wire} does not exist")
    return design.with_graph(graph, rebent(home, lambda found: tuple(bends) if found == wire else found.bends))


def rebent(graph: Graph, bends: Callable[[Wire], tuple[Point, ...]]) -> Graph:
    """The graph with what a function says of the bends of each wire; the graph itself where nothing differs."""
    wires = tuple(wire if (now := bends(wire)) == wire.bends else replace(wire, bends=now) for wire in graph.wires)
    return (
        graph if all(new is old for new, old in zip(wires, graph.wires, strict=True)) else replace(graph, wires=wires)
    )


def shifted(bends: Iterable[Point], by: Point) -> tuple[Point, ...]:
    """Bends elsewhere."""
    return tuple((x + by[0], y + by[1]) for x, y in bends)


def carried(graph: Graph, moved: Mapping[str, Point]) -> Graph:
    """The graph with the bends of those wires moved along whose two ends moved alike."""
    if not any(wire.bends for wire in graph.wires):
        return graph

    def carry(wire: Wire) -> tuple[Point, ...]:
        by = moved.get(wire.source)
        return shifted(wire.bends, by) if by is not None and moved.get(wire.target) == by else wire.bends

    return rebent(graph, carry)


def straightened(design: Design, ids: Iterable[str], graph: str = "") -> Design:
    """The design without the bends of the wires of some items, which stand elsewhere now."""
    there = set(ids)
    home = design.graph(graph)
    straight = rebent(home, lambda wire: () if wire.source in there or wire.target in there else wire.bends)
    return design if straight is home else design.with_graph(graph, straight)


def place_in(bends: Sequence[Point], way: Sequence[Point], new: Point) -> int:
    """Where a new bend comes among the others, by the order in which the wire passes them.

    Args:
        bends: the others.
        way: corners of the wire as it runs now.
        new: the new one.
    """
    here = _passed(way, new)
    return sum(_passed(way, bend) <= here for bend in bends)


def _passed(way: Sequence[Point], place: Point) -> float:
    """How far along a polyline its nearest point to a place lies."""
    nearest, passed, before = inf, 0.0, 0.0
    for (ax, ay), (bx, by) in pairwise(way):
        length = dist((ax, ay), (bx, by))
        share = ((place[0] - ax) * (bx - ax) + (place[1] - ay) * (by - ay)) / length**2 if length else 0.0
        share = min(max(share, 0.0), 1.0)
        away = dist(place, (ax + (bx - ax) * share, ay + (by - ay) * share))
        if away < nearest:
            nearest, passed = away, before + share * length
        before += length
    return passed
