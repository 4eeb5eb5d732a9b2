"""Report of the differences of two designs: for a terminal, as Markdown for a pull request, and as JSON."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from composer.core.diff import Diff, diff
from composer.core.errors import UserError
from composer.core.expressions import resolve, resolve_variables
from composer.core.facts import DesignFacts, NodeFacts
from composer.core.graph import Design, Graph, Input, Item, Literal, Node, Scalar, Value
from composer.core.name_list import list_names

# The detail of a changed parameter, ``act: gelu -> relu``; that of a changed block, ``Linear -> MLP``, has no colon.
_PARAMETER = re.compile(r"\w+: ")
_MARKS = {"added": "+", "removed": "-", "changed": "~"}


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a report.

    Args:
        kind: ``added``, ``removed`` or ``changed``.
        what: ``node``, ``wire``, ``variable``, ``graph`` or ``setting``.
        name: id or wire, with the name of its sub-graph in front.
        detail: description of the change.
        graph: name of the sub-graph, empty for the main graph.
        params: difference of the parameter counts, over all instances and iterations.
        macs: difference of the MACs, over all instances and iterations.
    """

    kind: str
    what: str
    name: str
    detail: str = ""
    graph: str = ""
    params: int = 0
    macs: int = 0


def report(before: Design, after: Design, old: DesignFacts, new: DesignFacts) -> list[Change]:
    """Return all differences except positions on the canvas.

    Args:
        before: the older design.
        after: the newer design.
        old: facts of the older one.
        new: facts of the newer one.
    """
    change = diff(before, after)
    lines = [*_setting_changes(before, after, change), *_graph_changes(change, old, new)]
    return [*lines, *_consequences(change, old, new, {(line.graph, line.name) for line in lines})]


def _setting_changes(before: Design, after: Design, change: Diff) -> Iterator[Change]:
    """Yield the changes of title and description, variables and training settings."""
    for name in ("name", "description"):
        if name in change.fields:
            yield Change("changed", "setting", name, f"{getattr(before, name)!r} -> {getattr(after, name)!r}")
    for name in sorted({*before.variables, *after.variables}):
        a, b = before.variables.get(name, _NONE), after.variables.get(name, _NONE)
        if a != b:
            kind = "added" if a is _NONE else "removed" if b is _NONE else "changed"
            yield Change(kind, "variable", name, _from_to(a, b))
    for setting in fields(before.training):
        a, b = getattr(before.training, setting.name), getattr(after.training, setting.name)
        if a != b:
            yield Change("changed", "setting", f"training.{setting.name}", _from_to(a, b))


def _graph_changes(change: Diff, old: DesignFacts, new: DesignFacts) -> Iterator[Change]:
    """Yield the changes that were made in graphs: items, wires and exposed parameters."""
    before, after = change.before, change.after
    old_items, new_items = _item_costs(before, old), _item_costs(after, new)
    empty = Graph()
    for name, part in change.graphs.items():
        if name and (name not in before.graphs or name not in after.graphs):
            yield Change("added" if name in after.graphs else "removed", "graph", name)
        a = before.graphs.get(name, empty) if name else before.main
        b = after.graphs.get(name, empty) if name else after.main
        prefix = f"{name}." if name else ""
        for kind, ids in (("added", part.added), ("removed", part.removed), ("changed", part.changed)):
            for id in ids:
                was = old_items.get((name, id), _ItemCosts()) if kind != "added" else _ItemCosts()
                now = new_items.get((name, id), _ItemCosts()) if kind != "removed" else _ItemCosts()
                details = [*_item_details(a.item(id), b.item(id)), _shape_change(was.facts, now.facts)]
                text, params, macs = ", ".join(filter(None, details)), now.params - was.params, now.macs - was.macs
                yield Change(kind, "node", prefix + id, text, name, params, macs)
        for wire in part.wires_added:
            yield Change("added", "wire", f"{prefix}{wire}", graph=name)
        for wire in part.wires_removed:
            yield Change("removed", "wire", f"{prefix}{wire}", graph=name)
        if a.params != b.params:
            yield Change("changed", "graph", name, f"parameters {_from_to(dict(a.params), dict(b.params))}", name)


def _consequences(change: Diff, old: DesignFacts, new: DesignFacts, reported: set[tuple[str, str]]) -> Iterator[Change]:
    """Yield the nodes that nobody edited, but whose shape or costs an edit elsewhere changed.

    Args:
        change: the edits.
        old: facts before.
        new: facts after.
        reported: graph and id of the items that have a line already.
    """
    edited = set(change.graphs)
    for path, facts in new.nodes.items():
        earlier = old.nodes.get(path)
        if "/" in path or earlier is None or ("", path) in reported or not facts.block:
            continue
        params, macs = facts.params - earlier.params, facts.macs - earlier.macs
        detail = _shape_change(earlier, facts)
        # An edit inside a sub-graph has its own line, which tells the costs of all instances.
        if not detail and (params or macs) and not edited & _nested(change.after, change.after.main.nodes[path]):
            detail = _inferred_change(earlier, facts)
        if detail:
            yield Change("changed", "node", path, detail, "", params, macs)


_NONE = object()


def _from_to(a: object, b: object) -> str:
    if a is _NONE:
        return f"{b}"
    if b is _NONE:
        return f"was {a}"
    return f"{a} -> {b}"


@dataclass(slots=True)
class _ItemCosts:
    """An item of a graph: its facts in the first instance, its costs in all instances and iterations."""

    facts: NodeFacts = field(default_factory=NodeFacts)
    params: int = 0
    macs: int = 0


def _item_costs(design: Design, facts: DesignFacts) -> dict[tuple[str, str], _ItemCosts]:
    """Return the costs of each item of each graph that is used, by graph and id."""
    items: dict[tuple[str, str], _ItemCosts] = {}
    try:
        variables = resolve_variables(design.variables)
    except UserError:
        variables = {}

    def visit(name: str, prefix: str, scope: Mapping[str, Literal], times: int) -> None:
        graph = design.graph(name)
        for id in graph.ids():
            item, item_facts = graph.item(id), facts.nodes.get(prefix + id)
            if item_facts is None:
                continue
            costs = items.setdefault((name, id), _ItemCosts(item_facts))
            costs.params += times * item_facts.params
            costs.macs += times * item_facts.macs
            if isinstance(item, Node) and item.subgraph is not None and item.subgraph in design.graphs:
                enter(item, item.subgraph, f"{prefix}{id}/", scope, times)

    def enter(node: Node, inner: str, prefix: str, scope: Mapping[str, Literal], times: int) -> None:
        exposed = design.graphs[inner].params
        repeat = _integer(node.repeat, scope)
        # Iterations that differ have their own paths in the facts; otherwise the first stands for all.
        differ = any(f"{prefix}0/{id}" in facts.nodes for id in design.graphs[inner].ids())
        for index in range(repeat if differ else 1):
            own = {key: _scalar(node.params.get(key, value), scope, index, repeat) for key, value in exposed.items()}
            path = f"{prefix}{index}/" if differ else prefix
            visit(inner, path, {**variables, **own}, times if differ else times * repeat)

    visit("", "", variables, 1)
    return items


def _integer(value: Value, scope: Mapping[str, Literal]) -> int:
    number = _scalar(value, scope)
    return int(number) if isinstance(number, int | float) and number >= 1 else 1


def _scalar(value: Value, scope: Mapping[str, Literal], index: int = 0, repeat: int = 1) -> Scalar:
    """Return a value as a number or text; None if it cannot be computed or is a list, which expressions cannot use."""
    try:
        literal = resolve(value, scope, index, repeat)
    except UserError:
        return None
    return None if isinstance(literal, tuple) else literal


def _item_details(before: Item | None, after: Item | None) -> Iterator[str]:
    """Yield what differs between two versions of an item; of an added or removed node its block and parameters."""
    if isinstance(before, Node) and isinstance(after, Node):
        if before.block != after.block:
            yield f"{before.block} -> {after.block}"
        for name in dict.fromkeys((*before.params, *after.params)):
            if before.params.get(name, _NONE) != after.params.get(name, _NONE):
                yield f"{name}: {_from_to(before.params.get(name, 'default'), after.params.get(name, 'default'))}"
        if before.repeat != after.repeat:
            yield f"repeat: {before.repeat} -> {after.repeat}"
    elif isinstance(before, Input) and isinstance(after, Input):
        if before.shape != after.shape:
            yield f"shape: {_from_to(before.shape, after.shape)}"
        else:
            yield f"dtype: {_from_to(before.dtype, after.dtype)}"
    elif isinstance(node := after or before, Node):
        yield f"{node.block}({', '.join(f'{name}={value}' for name, value in node.params.items())})"


def _nested(design: Design, node: Node) -> set[str]:
    """Return the names of the sub-graphs that a node contains."""
    return set(design.nested_graphs([str(node.subgraph)])) if node.subgraph in design.graphs else set()


def _inferred_change(before: NodeFacts, after: NodeFacts) -> str:
    """Return which parameters that a node takes from its wires have changed."""
    a, b = before.resolved, after.resolved
    return (
        ", ".join(f"{name}: {_from_to(a.get(name), b[name])}" for name in after.inferred if a.get(name) != b[name])
        or "other inputs"
    )


def _shape_change(before: NodeFacts, after: NodeFacts) -> str:
    a = [port.shape[1:] for port in before.outputs]
    b = [port.shape[1:] for port in after.outputs]
    if a == b or not a or not b:
        return after.error or "" if after.error != before.error else ""
    return "output " + " ".join("x".join(map(str, s)) for s in a) + " -> " + " ".join("x".join(map(str, s)) for s in b)


def short_difference(before: Design, after: Design, limit: int = 3) -> str:
    """Return how the network of a design differs from an earlier one, for a message: ``mlp.act: gelu -> relu``.

    Args:
        before: the earlier design.
        after: the later design.
        limit: most differences that are named; of the others only the number is.

    Returns:
        The differences; empty if none is a difference of the networks.
    """
    lines = [line for line in report(before, after, DesignFacts(), DesignFacts()) if line.what != "setting"]
    # A node that was added or removed explains its wires.
    lines = [line for line in lines if line.what != "wire"] or lines
    texts = [_short(line) for line in lines]
    if not texts:
        texts = [f"order of the {name}" for name in _reordered(before, after)]
    return list_names(texts, limit)


def _short(line: Change) -> str:
    """Return one change without its costs."""
    if line.kind != "changed":
        return f"{line.kind} {line.what} {line.name}"
    name, single = line.name, ", " not in line.detail
    if line.what == "node" and single and _PARAMETER.match(line.detail):
        return f"{name}.{line.detail}"
    return f"{name}: {line.detail}"


def _reordered(before: Design, after: Design) -> Iterator[str]:
    """Yield the kinds of items that are in another order."""
    for kind in ("inputs", "nodes", "outputs", "wires"):
        orders = [[list(getattr(graph, kind)) for _, graph in design.all_graphs()] for design in (before, after)]
        if orders[0] != orders[1]:
            yield kind


def as_text(lines: list[Change], old: DesignFacts, new: DesignFacts) -> str:
    """Format a report for a terminal: one line for each change, then the totals."""
    rows = [
        f"{_MARKS[line.kind]} {line.what} {line.name}{f': {line.detail}' if line.detail else ''}{_deltas(line)}"
        for line in lines
    ]
    return "\n".join([*rows, *_totals(old, new)])


def as_markdown(lines: list[Change], old: DesignFacts, new: DesignFacts) -> str:
    """Format a report for a pull request: a table, then the totals."""
    rows = ["| | what | name | change | params | MACs |", "|---|---|---|---|---:|---:|"]
    for line in lines:
        cells = (
            _MARKS[line.kind],
            line.what,
            f"`{line.name}`",
            line.detail.replace("|", "\\|"),
            _signed(line.params),
            _signed(line.macs),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, "", *_totals(old, new)])


def as_json(lines: list[Change], old: DesignFacts, new: DesignFacts) -> dict[str, Any]:
    """Return a report as plain values for scripts."""
    return {
        "changes": [{part.name: getattr(line, part.name) for part in fields(Change)} for line in lines],
        "before": {"params": old.totals.params, "macs": old.totals.macs},
        "after": {"params": new.totals.params, "macs": new.totals.macs},
    }


def _signed(value: int) -> str:
    return f"{value:+,}" if value else ""


def _deltas(line: Change) -> str:
    parts = [f"{_signed(value)} {unit}" for value, unit in ((line.params, "params"), (line.macs, "MACs")) if value]
    return f"  [{', '.join(parts)}]" if parts else ""


def _totals(old: DesignFacts, new: DesignFacts) -> list[str]:
    rows = []
    for unit, a, b in (("params", old.totals.params, new.totals.params), ("MACs", old.totals.macs, new.totals.macs)):
        share = f" ({(b - a) / a:+.2%})" if a and a != b else ""
        rows.append(f"total {unit}: {a:,}" + (f" -> {b:,}{share}" if a != b else " (same)"))
    return rows
