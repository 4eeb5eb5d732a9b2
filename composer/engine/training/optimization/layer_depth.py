"""How many layers are between a part of a network and its output, for rates that fall towards the input.

A layer is an iteration of a node that holds trained weights which decay: a repeat of 12 counts 12, a norm alone does
not count. An instance of a sub-graph that is not repeated is not a layer of its own; its nodes are.
"""

from collections.abc import Iterable

from composer.core.graph import Design, Graph, Output

Path = tuple[str, ...]


def layer_depths(design: Design, names: Iterable[str]) -> dict[Path, int]:
    """Return the number of layers behind each node on the longest way to the output.

    Args:
        design: the design.
        names: dotted names of the weights that make a layer.

    Returns:
        Depth by module path, such as ``("stage_1", "0")``; 0 for what is connected to the output.
    """
    weighted = {tuple(name.split(".")[:length]) for name in names for length in range(1, name.count(".") + 2)}
    depths: dict[Path, int] = {}
    _visit(design, design.main, (), 0, weighted, depths)
    return depths


def _visit(design: Design, graph: Graph, prefix: Path, base: int, weighted: set[Path], depths: dict[Path, int]) -> int:
    """Enter the depths of a graph, whose outputs have the depth `base`; return the depth at its inputs."""
    before: dict[str, int] = {}
    for id in reversed(graph.order()):
        depth = max((before[wire.target] for wire in graph.out_wires(id)), default=base)
        node = graph.nodes.get(id)
        if node is None:
            before[id] = base if isinstance(graph.item(id), Output) else depth
        elif node.subgraph is not None and node.repeat == 1:
            before[id] = _visit(design, design.graphs[node.subgraph], (*prefix, id), depth, weighted, depths)
        else:
            for path in reversed(_iterations((*prefix, id), weighted, repeated=node.repeat != 1)):
                depths[path] = depth
                depth += path in weighted
            before[id] = depth
    return max((before[id] for id in graph.inputs), default=base)


def _iterations(path: Path, weighted: set[Path], *, repeated: bool) -> list[Path]:
    """Return the module paths of the iterations of a node, which the names of its weights count."""
    if not repeated:
        return [path]
    numbers = {int(other[-1]) for other in weighted if other[:-1] == path and other[-1].isdigit()}
    return [(*path, str(number)) for number in range(max(numbers, default=-1) + 1)]


def depth_of(name: str, depths: dict[Path, int]) -> int:
    """Return the depth of a parameter by its dotted name; 0 if it belongs to no node."""
    parts = tuple(name.split("."))
    return next((depths[parts[:length]] for length in range(len(parts), 0, -1) if parts[:length] in depths), 0)
