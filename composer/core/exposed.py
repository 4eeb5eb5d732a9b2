"""Exposed parameters of a sub-graph: rename one or remove it, with every expression and instance that uses it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from composer.core import names
from composer.core.errors import DesignError
from composer.core.expressions import substitute, value_names
from composer.core.graph import Design, Each, Graph, Node, Ramp, Value, frozen, is_expression


def rename_exposed(design: Design, old: str, new: str, *, graph: str) -> Design:
    """Give an exposed parameter another name, also inside the sub-graph and in all instances.

    Raises:
        DesignError: if the new name is taken or not an identifier.
    """
    home = design.graph(graph)
    if old == new or old not in home.params:
        return design
    if reason := names.problem(new):
        raise DesignError(f"parameter {new!r} {reason}")
    if new in home.params or new in design.variables:
        raise DesignError(f"{new!r} exists already; choose another name")

    def renamed(params: Mapping[str, Value]) -> dict[str, Value]:
        return {new if name == old else name: value for name, value in params.items()}

    home = replace(home, params=frozen(renamed(home.params)))
    return _map_instances(design.with_graph(graph, _substitute(home, old, f"={new}")), graph, renamed)


def unexpose(design: Design, name: str, *, graph: str) -> Design:
    """Remove an exposed parameter: its default replaces it inside the sub-graph, and instances no longer set it."""
    home = design.graph(graph)
    if name not in home.params:
        return design

    def without(params: Mapping[str, Value]) -> dict[str, Value]:
        return {key: value for key, value in params.items() if key != name}

    inner = _substitute(replace(home, params=frozen(without(home.params))), name, home.params[name])
    return _map_instances(design.with_graph(graph, inner), graph, without)


def exposing(graph: Graph, name: str) -> tuple[Node, str] | None:
    """Return the first node and its parameter whose value is the exposed parameter; None if only arithmetic uses it."""
    for node in graph.nodes.values():
        for param, value in node.params.items():
            if is_expression(value) and str(value)[1:].strip() == name:
                return node, param
    return None


def _substitute(graph: Graph, name: str, value: Value) -> Graph:
    """Return the graph with a name replaced by a value in all expressions."""

    def replaced(old: Value) -> Value:
        if isinstance(old, tuple):
            return tuple(replaced(item) for item in old)  # type: ignore[misc]
        if name not in value_names(old):
            return old
        alone = isinstance(old, str) and old[1:].strip() == name
        if isinstance(value, Each | Ramp) and not alone:
            raise DesignError(
                f"{name!r} has a value for each iteration and is used in arithmetic; give it one value first"
            )
        return substitute(old, {name: value})

    nodes = {}
    for id, node in graph.nodes.items():
        params = {key: replaced(param) for key, param in node.params.items()}
        repeat = replaced(node.repeat)
        if params != dict(node.params) or repeat != node.repeat:
            node = replace(node, params=frozen(params), repeat=repeat if isinstance(repeat, int | str) else 1)
        nodes[id] = node
    return replace(graph, nodes=frozen(nodes))


def _map_instances(design: Design, graph: str, change: Callable[[Mapping[str, Value]], dict[str, Value]]) -> Design:
    """Return the design with the parameters of all instances of a sub-graph changed by a function."""
    for name, home in design.all_graphs():
        changed = {
            id: replace(node, params=frozen(params))
            for id, node in home.nodes.items()
            if node.subgraph == graph and (params := change(node.params)) != dict(node.params)
        }
        if changed:
            design = design.with_graph(name, replace(home, nodes=frozen({**home.nodes, **changed})))
    return design
