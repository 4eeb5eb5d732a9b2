"""What differs between two designs, readable in a terminal, as Markdown for a pull request, and as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from composer.core.diff import diff
from composer.core.errors import UserError
from composer.core.expressions import resolve, resolve_variables
from composer.core.facts import DesignFacts, NodeFacts
from composer.core.graph import Design, Graph, Input, Node, Scalar, Value

_MARKS = {"added": "+", "removed": "-", "changed": "~"}


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a report.

    Args:
        kind: ``added``, ``removed`` or ``changed``.
        what: ``node``, ``wire``, ``variable``, ``graph`` or ``setting``.
        name: id or wire; inside a sub-graph with its name in front.
        detail: what changed, in words.
        graph: name of the sub-graph, empty for the main graph.
        params: difference of the parameter counts, over all uses and rounds of a sub-graph.
        macs: difference of the MACs, counted alike.
    """

    kind: str
    what: str
    name: str
    detail: str = ""
    graph: str = ""
    params: int = 0
    macs: int = 0


def report(before: Design, after: Design, old: DesignFacts, new: DesignFacts) -> list[Change]:
    """All differences but those of place on the canvas.

    Args:
        before: the older design.
        after: the newer design.
        old: facts of the older one.
        new: facts of the newer one.
    """
    change = diff(before, after)
    lines = [
        Change("changed", "setting", name, f"{getattr(before, name)!r} -> {getattr(after, name)!r}")
        for name in ("name", "description")
        if name in change.fields
    ]
    for name in sorted({*before.variables, *after.variables}):
        if before.variables.get(name, _NONE) != after.variables.get(name, _NONE):
            kind = "added" if name not in before.variables else "removed" if name not in after.variables else "changed"
            lines.append(
                Change(
                    kind,
                    "variable",
                    name,
                    _from_to(before.variables.get(name, _NONE), after.variables.get(name, _NONE)),
                )
            )
    for setting in fields(before.training):
        a, b = getattr(before.training, setting.name), getattr(after.training, setting.name)
        if a != b:
            lines.append(Change("changed", "setting", f"training.{setting.name}", _from_to(a, b)))
    old_places, new_places = _places(before, old), _places(after, new)
    empty = Graph()
    for name, part in change.graphs.items():
        if name and (name not in before.graphs or name not in after.graphs):
            lines.append(Change("added" if name in after.graphs else "removed", "graph", name))
        a = before.graphs.get(name, empty) if name else before.main
        b = after.graphs.get(name, empty) if name else after.main
        prefix = f"{name}." if name else ""
        for kind, ids in (("added", part.added), ("removed", part.removed), ("changed", part.changed)):
            lines.extend(_item(kind, id, a, b, name, prefix, old_places, new_places) for id in ids)
        lines.extend(Change("added", "wire", f"{prefix}{wire}", graph=name) for wire in part.wires_added)
        lines.extend(Change("removed", "wire", f"{prefix}{wire}", graph=name) for wire in part.wires_removed)
        if a.params != b.params:
            lines.append(
                Change("changed", "graph", name, f"parameters {_from_to(dict(a.params), dict(b.params))}", name)
            )
    # Nodes that nobody edited, whose shape or costs an edit elsewhere changed.
    told = {(line.graph, line.name) for line in lines}
    edited = set(change.graphs)
    for path, facts in new.nodes.items():
        earlier = old.nodes.get(path)
        if "/" in path or earlier is None or ("", path) in told or not facts.block:
            continue
        params, macs = facts.params - earlier.params, facts.macs - earlier.macs
        detail = _shape_change(earlier, facts)
        if not detail and (params or macs) and not edited & _within(after, after.main.nodes[path]):
            detail = _taken_change(earlier, facts)
        if detail:
            lines.append(Change("changed", "node", path, detail, "", params, macs))
    return lines


_NONE = object()


def _from_to(a: object, b: object) -> str:
    if a is _NONE:
        return f"{b}"
    if b is _NONE:
        return f"was {a}"
    return f"{a} -> {b}"


@dataclass(slots=True)
class _Place:
    """A node of a graph: its facts in the first use, its costs in all uses and rounds."""

    facts: NodeFacts = field(default_factory=NodeFacts)
    params: int = 0
    macs: int = 0


_Places = Mapping[tuple[str, str], _Place]


def _places(design: Design, facts: DesignFacts) -> dict[tuple[str, str], _Place]:
    """Each item of each graph that is used, by graph and id."""
    found: dict[tuple[str, str], _Place] = {}
    try:
        variables = resolve_variables(design.variables)
    except UserError:
        variables = {}

    def visit(name: str, prefix: str, scope: Mapping[str, Scalar], times: int) -> None:
        graph = design.graph(name)
        for id in graph.ids():
            item, known = graph.item(id), facts.nodes.get(prefix + id)
            if known is None:
                continue
            place = found.setdefault((name, id), _Place(known))
            place.params += times * known.params
            place.macs += times * known.macs
            if isinstance(item, Node) and item.subgraph is not None and item.subgraph in design.graphs:
                enter(item, item.subgraph, f"{prefix}{id}/", scope, times)

    def enter(node: Node, inner: str, prefix: str, scope: Mapping[str, Scalar], times: int) -> None:
        exposed = design.graphs[inner].params
        rounds = _whole(node.repeat, scope)
        # Rounds that differ have paths of their own; where they do not, the first stands for all.
        apart = any(f"{prefix}0/{id}" in facts.nodes for id in design.graphs[inner].ids())
        for index in range(rounds if apart else 1):
            own = {key: _or_none(node.params.get(key, value), scope, index, rounds) for key, value in exposed.items()}
            visit(
                inner,
                f"{prefix}{index}/" if apart else prefix,
                {**variables, **own},
                times if apart else times * rounds,
            )

    visit("", "", variables, 1)
    return found


def _whole(value: Value, scope: Mapping[str, Scalar]) -> int:
    rounds = _or_none(value, scope)
    return int(rounds) if isinstance(rounds, int | float) and rounds >= 1 else 1


def _or_none(value: Value, scope: Mapping[str, Scalar], index: int = 0, rounds: int = 1) -> Scalar:
    """A value as a number or text; None where it cannot be computed, or is a list, with which nothing is computed."""
    try:
        found = resolve(value, scope, index, rounds)
    except UserError:
        return None
    return None if isinstance(found, tuple) else found


def _item(kind: str, id: str, a: Graph, b: Graph, graph: str, prefix: str, old: _Places, new: _Places) -> Change:
    before = old.get((graph, id), _Place()) if kind != "added" else _Place()
    after = new.get((graph, id), _Place()) if kind != "removed" else _Place()
    x, y = a.item(id), b.item(id)
    details = []
    if isinstance(x, Node) and isinstance(y, Node):
        if x.block != y.block:
            details.append(f"{x.block} -> {y.block}")
        names = [
            name
            for name in dict.fromkeys((*x.params, *y.params))
            if x.params.get(name, _NONE) != y.params.get(name, _NONE)
        ]
        details.extend(
            f"{name}: {_from_to(x.params.get(name, 'default'), y.params.get(name, 'default'))}" for name in names
        )
        if x.repeat != y.repeat:
            details.append(f"repeat: {x.repeat} -> {y.repeat}")
    elif isinstance(x, Input) and isinstance(y, Input):
        details.append(
            f"shape: {_from_to(x.shape, y.shape)}" if x.shape != y.shape else f"dtype: {_from_to(x.dtype, y.dtype)}"
        )
    else:
        item = y or x
        if isinstance(item, Node):
            values = ", ".join(f"{name}={value}" for name, value in item.params.items())
            details.append(f"{item.block}({values})")
    if shape := _shape_change(before.facts, after.facts):
        details.append(shape)
    return Change(
        kind, "node", prefix + id, ", ".join(details), graph, after.params - before.params, after.macs - before.macs
    )


def _within(design: Design, node: Node) -> set[str]:
    """Names of the sub-graphs that a node uses, in those too; of what was edited there its own line tells."""
    return set(design.nested_graphs([str(node.subgraph)])) if node.subgraph in design.graphs else set()


def _taken_change(before: NodeFacts, after: NodeFacts) -> str:
    """What a node takes from its wires, where that has changed."""
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


def as_text(lines: list[Change], old: DesignFacts, new: DesignFacts) -> str:
    """For a terminal: one line a change, the totals last."""
    rows = [
        f"{_MARKS[line.kind]} {line.what} {line.name}{f': {line.detail}' if line.detail else ''}{_deltas(line)}"
        for line in lines
    ]
    return "\n".join([*rows, *_totals(old, new)])


def as_markdown(lines: list[Change], old: DesignFacts, new: DesignFacts) -> str:
    """For a pull request: a table, the totals below."""
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
    """For scripts."""
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
