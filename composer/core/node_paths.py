"""Paths of node ids through sub-graphs: which graph a path shows, and which facts belong to the node at its end."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from composer.core.facts import NodeFacts
from composer.core.graph import Design


def visible_graph(design: Design, instance_path: Sequence[str]) -> str:
    """Return the name of the graph at the end of a path of node ids.

    Raises:
        KeyError: if a node of the path does not exist or is not an instance of a sub-graph.
    """
    name = ""
    for id in instance_path:
        subgraph = design.graph(name).nodes[id].subgraph
        if subgraph is None or subgraph not in design.graphs:
            raise KeyError(id)
        name = subgraph
    return name


def first_instance(design: Design, graph: str) -> tuple[str, ...] | None:
    """Return the shortest path of node ids to an instance of a graph; None if the main graph does not contain it."""
    containers = design.nested_graphs()
    if graph not in containers:
        return None
    path: list[str] = []
    name, container = graph, containers[graph]
    while container is not None:
        nodes = design.graph(container).nodes
        path.append(next(id for id, node in nodes.items() if node.subgraph == name))
        name, container = container, containers[container]
    return tuple(reversed(path))


def lookup(facts: Mapping[str, NodeFacts], ids: Sequence[str]) -> NodeFacts | None:
    """Return the facts of the node at a path of ids; of the first iteration where the iterations of a repeat differ.

    Args:
        facts: facts by path, in which an iteration is a number: ``stage_1/0/attn_1``.
        ids: node ids from the main graph inwards.
    """
    node_facts = facts.get("/".join(ids))
    if node_facts is not None or len(ids) == 1:
        return node_facts
    paths = [ids[0]]
    for id in ids[1:]:
        paths = [f"{path}{iteration}/{id}" for path in paths for iteration in ("", "/0")]
    return next((facts[path] for path in paths if path in facts), None)


class BlockNode(NamedTuple):
    """A node of a block at the start of a module path.

    Attributes:
        block: name of the block.
        depth: number of parts of the path that lead to its module.
    """

    block: str
    depth: int


def block_at(design: Design, path: Sequence[str]) -> BlockNode | None:
    """Return the node of a block that a module path leads to or into; None if it ends before one or names none.

    Args:
        design: the design.
        path: parts of the path, iterations of a repeat included: ``("stage_1", "0", "attn_1", "qkv")``.
    """
    graph, depth = design.main, 0
    while depth < len(path) and path[depth] in graph.nodes:
        node = graph.nodes[path[depth]]
        depth += 1 if node.repeat == 1 else 2
        if node.subgraph is None:
            return BlockNode(node.block, depth) if depth <= len(path) else None
        if node.subgraph not in design.graphs:
            return None
        graph = design.graphs[node.subgraph]
    return None
