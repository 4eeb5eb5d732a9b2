"""Differences of two designs. Identity is compared first, so that parts that an edit did not touch cost nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from composer.core.graph import Design, Graph, Point, Wire


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """Differences of one graph.

    Attributes:
        added: ids of new items.
        removed: ids of items that are missing.
        changed: ids of items that differ in more than their position.
        moved: ids of items that differ in their position only.
        wires_added: new wires.
        wires_removed: wires that are missing.
        other: whether exposed parameters differ, or an order.
        bent: wires that differ in their bends only.
        framed: whether frames differ.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    wires_added: tuple[Wire, ...] = ()
    wires_removed: tuple[Wire, ...] = ()
    other: bool = False
    bent: tuple[Wire, ...] = ()
    framed: bool = False

    @property
    def structural(self) -> bool:
        """Whether anything beyond positions, bends and frames differs."""
        return bool(self.added or self.removed or self.changed or self.wires_added or self.wires_removed or self.other)


@dataclass(frozen=True, slots=True)
class Diff:
    """Differences of two designs: by graph (main under the empty name), and which other fields differ."""

    before: Design
    after: Design
    graphs: Mapping[str, GraphDiff] = field(default_factory=dict)
    fields: tuple[str, ...] = ()

    @property
    def structural(self) -> bool:
        """Whether shapes or costs may differ; false if only positions, frames, names or training settings do."""
        return "variables" in self.fields or any(diff.structural for diff in self.graphs.values())

    @property
    def empty(self) -> bool:
        """Whether the two are equal."""
        return not self.graphs and not self.fields


def _unplaced(item: Any) -> Any:
    return replace(item, position=(0.0, 0.0))


def _order(graph: Graph) -> list[list[str]]:
    return [list(items) for items in (graph.inputs, graph.nodes, graph.outputs, graph.params)]


def _bends(graph: Graph) -> list[tuple[Point, ...]]:
    return [wire.bends for wire in graph.wires]


def diff_graph(before: Graph, after: Graph) -> GraphDiff:
    """Compare two graphs."""
    if before is after:
        return GraphDiff()
    old = {**before.inputs, **before.nodes, **before.outputs}
    new: dict[str, Any] = {**after.inputs, **after.nodes, **after.outputs}
    both = [id for id in new if id in old and new[id] is not old[id] and new[id] != old[id]]
    moved = tuple(id for id in both if type(old[id]) is type(new[id]) and _unplaced(old[id]) == _unplaced(new[id]))
    wires_removed: tuple[Wire, ...] = ()
    wires_added: tuple[Wire, ...] = ()
    bent: tuple[Wire, ...] = ()
    reordered = False
    if before.wires is not after.wires:
        old_wires, new_wires = set(before.wires), set(after.wires)
        wires_removed = tuple(wire for wire in before.wires if wire not in new_wires)
        wires_added = tuple(wire for wire in after.wires if wire not in old_wires)
        if any(wire.bends for wire in (*before.wires, *after.wires)):
            old_bends = {wire: wire.bends for wire in before.wires}
            bent = tuple(wire for wire in after.wires if old_bends.get(wire, wire.bends) != wire.bends)
        reordered = [w for w in before.wires if w in new_wires] != [w for w in after.wires if w in old_wires]
    return GraphDiff(
        added=tuple(id for id in new if id not in old),
        removed=tuple(id for id in old if id not in new),
        changed=tuple(id for id in both if id not in moved),
        moved=moved,
        wires_added=wires_added,
        wires_removed=wires_removed,
        other=before.params != after.params or reordered or _order(before) != _order(after),
        bent=bent,
        framed=before.frames != after.frames,
    )


def diff(before: Design, after: Design) -> Diff:
    """Compare two designs.

    Args:
        before: the older one.
        after: the newer one.

    Returns:
        A `Diff`; graphs that do not differ have no entry.
    """
    if before is after:
        return Diff(before, after)
    names = [name for name, _ in after.all_graphs()] + [name for name in before.graphs if name not in after.graphs]
    empty = Graph()
    graphs = {}
    for name in names:
        old = before.main if not name else before.graphs.get(name, empty)
        new = after.main if not name else after.graphs.get(name, empty)
        in_one_only = bool(name) and (name not in before.graphs or name not in after.graphs)
        if old is not new and (in_one_only or old != new or _order(old) != _order(new) or _bends(old) != _bends(new)):
            graphs[name] = diff_graph(old, new)
    others = tuple(
        f.name
        for f in fields(Design)
        if f.name not in ("main", "graphs") and getattr(before, f.name) != getattr(after, f.name)
    )
    return Diff(before, after, graphs, others)
