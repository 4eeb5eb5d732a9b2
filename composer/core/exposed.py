"""Exposed parameters of a sub-graph: rename one or take one back, with everything that speaks of it."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from composer.core import expressions, names
from composer.core.errors import DesignError, UserError
from composer.core.graph import Design, Each, Graph, Node, Ramp, Value, frozen, is_expression
from composer.core.subgraphs import substitute


def rename_exposed(design: Design, graph: str, old: str, new: str) -> Design:
    """Give an exposed parameter another name, also inside the sub-graph and in all uses.

    Raises:
        DesignError: if the new name is taken or no identifier.
    """
    home = design.graph(graph)
    if old == new or old not in home.params:
        return design
    if reason := names.problem(new):
        raise DesignError(f"parameter {new!r} {reason}")
    if new in home.params or new in design.variables:
        raise DesignError(f"{new!r} exists already; choose another name")
    params = {new if name == old else name: value for name, value in home.params.items()}
    design = design.with_graph(graph, _inside(replace(home, params=frozen(params)), old, f"={new}"))
    return _uses(design, graph, lambda given: {new if name == old else name: value for name, value in given.items()})


def unexpose(design: Design, graph: str, name: str) -> Design:
    """Take an exposed parameter back: inside the sub-graph its default is written in its place, uses no longer set it."""
    home = design.graph(graph)
    if name not in home.params:
        return design
    params = {key: value for key, value in home.params.items() if key != name}
    design = design.with_graph(graph, _inside(replace(home, params=frozen(params)), name, home.params[name]))
    return _uses(design, graph, lambda given: {key: value for key, value in given.items() if key != name})


def exposing(graph: Graph, name: str) -> tuple[Node, str] | None:
    """The first inner node and its parameter that an exposed parameter stands for; None if it only appears in arithmetic."""
    for node in graph.nodes.values():
        for param, value in node.params.items():
            if is_expression(value) and str(value)[1:].strip() == name:
                return node, param
    return None


def _inside(graph: Graph, name: str, value: Value) -> Graph:
    """The graph with a value put for a name in all expressions."""

    def put(old: Value) -> Value:
        if isinstance(old, tuple):
            return tuple(put(item) for item in old)  # type: ignore[misc]
        if name not in _names_in(old):
            return old
        if isinstance(value, Each | Ramp) and not (isinstance(old, str) and old[1:].strip() == name):
            raise DesignError(f"{name!r} has a value for each round and is used in arithmetic; give it one value first")
        return substitute(old, {name: value})

    nodes = {}
    for id, node in graph.nodes.items():
        params = {key: put(given) for key, given in node.params.items()}
        repeat = put(node.repeat)
        if params != dict(node.params) or repeat != node.repeat:
            node = replace(node, params=frozen(params), repeat=repeat if isinstance(repeat, int | str) else 1)
        nodes[id] = node
    return replace(graph, nodes=frozen(nodes))


def _names_in(value: Value) -> set[str]:
    parts = (
        value.values if isinstance(value, Each) else (value.start, value.stop) if isinstance(value, Ramp) else (value,)
    )
    found: set[str] = set()
    for part in parts:
        if isinstance(part, str) and is_expression(part):
            with suppress(UserError):  # one that cannot be read names nothing
                found |= expressions.names(part)
    return found


def _uses(design: Design, graph: str, change: Callable[[Mapping[str, Value]], dict[str, Value]]) -> Design:
    """The design with the parameters of all uses of a sub-graph changed."""
    for name, home in design.all_graphs():
        changed = {
            id: replace(node, params=frozen(params))
            for id, node in home.nodes.items()
            if node.subgraph == graph and (params := change(node.params)) != dict(node.params)
        }
        if changed:
            design = design.with_graph(name, replace(home, nodes=frozen({**home.nodes, **changed})))
    return design
