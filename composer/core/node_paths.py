"""Paths of node ids through sub-graphs: which graph a path shows, and under which path the facts of a node are found."""

from collections import deque
from collections.abc import Mapping, Sequence

from composer.core.facts import NodeFacts
from composer.core.graph import Design


def visible_graph(design: Design, instance_path: Sequence[str]) -> str:
    """Name of the graph that a path of node ids leads into.

    Raises:
        KeyError: if the path leads nowhere.
    """
    name = ""
    for id in instance_path:
        subgraph = design.graph(name).nodes[id].subgraph
        if subgraph is None or subgraph not in design.graphs:
            raise KeyError(id)
        name = subgraph
    return name


def first_instance(design: Design, graph: str) -> tuple[str, ...] | None:
    """The shortest path of node ids to a use of a graph; None if nothing uses it."""
    queue: deque[tuple[tuple[str, ...], str]] = deque([((), "")])
    seen = {""}
    while queue:
        path, name = queue.popleft()
        if name == graph:
            return path
        for node in design.graph(name).nodes.values():
            if node.subgraph in design.graphs and node.subgraph not in seen:
                seen.add(str(node.subgraph))
                queue.append(((*path, node.id), str(node.subgraph)))
    return None


def lookup(facts: Mapping[str, NodeFacts], ids: Sequence[str]) -> NodeFacts | None:
    """Facts of the node at a path of ids; where the rounds of a repeat differ, those of the first round.

    Args:
        facts: facts by path, where a round appears as a number: ``stage_1/0/attn_1``.
        ids: node ids from the main graph inwards.
    """
    plain = facts.get("/".join(ids))
    if plain is not None or len(ids) == 1:
        return plain
    prefixes = [ids[0]]
    for id in ids[1:]:
        prefixes = [f"{prefix}{round_}/{id}" for prefix in prefixes for round_ in ("", "/0")]
    return next((facts[path] for path in prefixes if path in facts), None)
