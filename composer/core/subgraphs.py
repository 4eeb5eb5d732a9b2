"""Sub-graphs as edits: make one from a selection, unpack a use, make a use unique, expose a parameter."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from composer.core import edits, names
from composer.core.bends import shift_bends
from composer.core.errors import DesignError
from composer.core.graph import (
    SUBGRAPH,
    Design,
    Each,
    Frame,
    Graph,
    Input,
    Node,
    Output,
    Point,
    Ramp,
    Value,
    Wire,
    frozen,
    is_expression,
)

# From a node to the input or the output of its sub-graph: half of each card, and a label such as 112 × 112 × 64 between them.
BESIDE = 280.0


def make(design: Design, ids: Iterable[str], name: str, graph: str = "") -> tuple[Design, str]:
    """Turn a selection of nodes into a sub-graph with one use in its place.

    Args:
        design: the design.
        ids: the nodes; inputs and outputs of the graph cannot be part of it.
        name: wanted name of the sub-graph; a free one is made from it.
        graph: graph that holds the selection.

    Returns:
        The new design and the id of the node that uses the sub-graph.

    Raises:
        DesignError: if the selection holds no node, or a path leaves it and comes back.
    """
    home = design.graph(graph)
    chosen = [id for id in home.nodes if id in set(ids)]
    if not chosen:
        raise DesignError("select at least one node to make a sub-graph of")
    inside = set(chosen)
    _refuse_detour(home, inside)
    title = names.fresh(names.snake(name), {*design.graphs})
    arriving = [wire for wire in home.wires if wire.source not in inside and wire.target in inside]
    leaving = [wire for wire in home.wires if wire.source in inside and wire.target not in inside]
    taken = set(chosen)
    inputs: dict[tuple[str, str], str] = {}  # one input for each source outside, however many nodes it feeds
    for wire in arriving:
        if (wire.source, wire.source_port) not in inputs:
            inputs[wire.source, wire.source_port] = names.fresh("x" if not inputs else wire.source, taken)
            taken.add(inputs[wire.source, wire.source_port])
    outputs: dict[tuple[str, str], str] = {}
    for wire in leaving:
        if (wire.source, wire.source_port) not in outputs:
            outputs[wire.source, wire.source_port] = names.fresh("y", taken)
            taken.add(outputs[wire.source, wire.source_port])
    xs = [home.nodes[id].position[0] for id in chosen]
    ys = [home.nodes[id].position[1] for id in chosen]
    params = _used_params(home, chosen)
    inner = Graph(
        inputs={
            id: Input(id, position=(min(xs) - BESIDE, min(ys) + 80 * row)) for row, id in enumerate(inputs.values())
        },
        nodes={id: home.nodes[id] for id in chosen},
        outputs={id: Output(id, (max(xs) + BESIDE, min(ys) + 80 * row)) for row, id in enumerate(outputs.values())},
        wires=(
            *(
                replace(wire, source=inputs[wire.source, wire.source_port], source_port="", bends=())
                for wire in arriving
            ),
            *(wire for wire in home.wires if wire.source in inside and wire.target in inside),
            *(Wire(source, id, port) for (source, port), id in outputs.items()),
        ),
        params={key: home.params[key] for key in params},
    )
    use = names.fresh(title, set(home.ids()) - inside)
    node = Node(
        use, SUBGRAPH + title, {key: f"={key}" for key in params}, ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    )
    first_in, first_out = next(iter(inputs.values()), ""), next(iter(outputs.values()), "")

    def port(id: str, first: str) -> str:
        return "" if id == first else id

    wires: list[Wire] = []
    for wire in home.wires:
        if wire in arriving:
            made = Wire(wire.source, use, wire.source_port, port(inputs[wire.source, wire.source_port], first_in))
            if made not in wires:
                wires.append(made)
        elif wire in leaving:
            wires.append(replace(wire, source=use, source_port=port(outputs[wire.source, wire.source_port], first_out)))
        elif wire.target not in inside:
            wires.append(wire)
    nodes: dict[str, Node] = {}
    for id, item in home.nodes.items():
        if id == chosen[0]:
            nodes[use] = node
        if id not in inside:
            nodes[id] = item
    frames = tuple(replace(frame, nodes=tuple(id for id in frame.nodes if id not in inside)) for frame in home.frames)
    design = design.with_graph(title, inner)
    return design.with_graph(graph, replace(home, nodes=frozen(nodes), wires=tuple(wires), frames=frames)), use


def _refuse_detour(home: Graph, inside: set[str]) -> None:
    topology = home.to_networkx()
    seen: set[str] = set()
    queue = [target for id in inside for target in topology.successors(id) if target not in inside]
    while queue:
        id = queue.pop()
        if id in seen:
            continue
        seen.add(id)
        for target in topology.successors(id):
            if target in inside:
                raise DesignError(
                    f"the selection cannot become a sub-graph: a path leaves it and comes back through {id!r}; select that too",
                    id,
                )
            queue.append(target)


def _used_params(home: Graph, ids: Iterable[str]) -> list[str]:
    """Parameters of the surrounding sub-graph that the nodes use in expressions: the new sub-graph must pass them on."""
    from composer.core.expressions import names as names_in

    found: list[str] = []
    for id in ids:
        node = home.nodes[id]
        for value in (*node.params.values(), node.repeat):
            parts: tuple[object, ...] = (
                value.values
                if isinstance(value, Each)
                else (value.start, value.stop)
                if isinstance(value, Ramp)
                else (value,)
            )
            for part in parts:
                if isinstance(part, str) and is_expression(part):
                    found.extend(name for name in names_in(part) if name in home.params and name not in found)
    return sorted(found)


def unpack(design: Design, id: str, graph: str = "") -> tuple[Design, list[str]]:
    """Put the nodes of a sub-graph in the place of one use of it.

    Args:
        design: the design.
        id: a node that uses a sub-graph, without a repeat.
        graph: graph that holds the node.

    Returns:
        The new design and the ids of the unpacked nodes.

    Raises:
        DesignError: if the node uses no sub-graph, or is repeated.
    """
    home = design.graph(graph)
    node = home.nodes.get(id)
    if node is None or node.subgraph is None:
        raise DesignError(f"{id!r} uses no sub-graph, so there is nothing to unpack", id)
    if node.repeat != 1:
        raise DesignError(f"{id!r} is repeated; set repeat to 1 before unpacking it", id)
    inner = design.graphs[node.subgraph]
    taken = set(home.ids()) - {id}
    fresh: dict[str, str] = {}
    for inner_id in inner.nodes:
        fresh[inner_id] = names.fresh(inner_id, taken)
        taken.add(fresh[inner_id])
    values = {name: _single(value) for name, value in {**inner.params, **node.params}.items()}
    xs = [item.position[0] for item in inner.nodes.values()] or [0.0]
    ys = [item.position[1] for item in inner.nodes.values()] or [0.0]
    shift = (node.position[0] - (min(xs) + max(xs)) / 2, node.position[1] - (min(ys) + max(ys)) / 2)
    placed = {
        fresh[key]: replace(
            item,
            id=fresh[key],
            params={name: substitute(value, values) for name, value in item.params.items()},
            repeat=_substitute_repeat(item.repeat, values),
            position=(item.position[0] + shift[0], item.position[1] + shift[1]),
        )
        for key, item in inner.nodes.items()
    }
    first_in, first_out = next(iter(inner.inputs), ""), next(iter(inner.outputs), "")
    feeding = {wire.target_port or first_in: wire for wire in home.in_wires(id)}
    made = {wire.target: wire for wire in inner.wires if wire.target in inner.outputs}
    wires: list[Wire] = []
    for wire in home.wires:
        if wire.target == id:
            continue
        if wire.source != id:
            wires.append(wire)
            continue
        origin = made.get(wire.source_port or first_out)
        if origin is None:
            continue
        if origin.source in inner.inputs:
            feed = feeding.get(origin.source)
            if feed is not None:
                wires.append(replace(wire, source=feed.source, source_port=feed.source_port))
        else:
            wires.append(replace(wire, source=fresh[origin.source], source_port=origin.source_port))
    for wire in inner.wires:
        if wire.target in inner.outputs:
            continue
        if wire.source in inner.inputs:
            feed = feeding.get(wire.source)
            if feed is not None:
                wires.append(Wire(feed.source, fresh[wire.target], feed.source_port, wire.target_port))
        else:
            wires.append(
                replace(
                    wire, source=fresh[wire.source], target=fresh[wire.target], bends=shift_bends(wire.bends, shift)
                )
            )
    nodes: dict[str, Node] = {}
    for key, item in home.nodes.items():
        nodes.update(placed if key == id else {key: item})
    frames = [
        replace(frame, nodes=tuple(new for old in frame.nodes for new in (placed if old == id else (old,))))
        for frame in home.frames
    ]
    for frame in inner.frames:
        frames.append(_moved_frame(frame, shift, fresh, {other.id for other in frames}))
    return design.with_graph(
        graph, replace(home, nodes=frozen(nodes), wires=tuple(dict.fromkeys(wires)), frames=tuple(frames))
    ), list(placed)


def _moved_frame(frame: Frame, by: Point, ids: Mapping[str, str], taken: set[str]) -> Frame:
    """A frame of a sub-graph as one of the graph around it."""
    x, y, width, height = frame.rect
    members = tuple(ids[id] for id in frame.nodes if id in ids)
    return Frame(names.fresh(frame.id, taken), frame.title, (x + by[0], y + by[1], width, height), members)


def _single(value: Value) -> Value:
    """What a value for each round is where there is one round."""
    if isinstance(value, Each):
        return value.values[0]
    return value.start if isinstance(value, Ramp) else value


def substitute(value: Value, params: Mapping[str, Value]) -> Value:
    """A parameter value with the sub-graph's parameters replaced by what a use sets."""
    if isinstance(value, Each):
        return Each(tuple(substitute(item, params) for item in value.values))  # type: ignore[misc]
    if isinstance(value, Ramp):
        return Ramp(substitute(value.start, params), substitute(value.stop, params))  # type: ignore[arg-type]
    if not (isinstance(value, str) and is_expression(value)):
        return value
    import ast

    from composer.core.expressions import parse

    tree = parse(value)
    if isinstance(tree, ast.Name) and tree.id in params:
        return params[tree.id]

    class Replace(ast.NodeTransformer):
        def visit_Name(self, found: ast.Name) -> ast.expr:
            given = params.get(found.id, f"={found.id}")
            if isinstance(given, str) and is_expression(given):
                return parse(given)
            return ast.Constant(given)  # type: ignore[arg-type]

    return f"={ast.unparse(Replace().visit(tree))}"


def _substitute_repeat(repeat: int | str, params: Mapping[str, Value]) -> int | str:
    found = substitute(repeat, params)
    return found if isinstance(found, int | str) else 1


def make_unique(design: Design, id: str, graph: str = "") -> Design:
    """Give one use of a sub-graph a copy of its own, so that edits no longer reach the other uses.

    Raises:
        DesignError: if the node uses no sub-graph.
    """
    home = design.graph(graph)
    node = home.nodes.get(id)
    if node is None or node.subgraph is None:
        raise DesignError(f"{id!r} uses no sub-graph", id)
    copy = names.fresh(node.subgraph, set(design.graphs))
    design = design.with_graph(copy, design.graphs[node.subgraph])
    return edits.update_item(design, id, graph, block=SUBGRAPH + copy)


def expose(
    design: Design, graph: str, id: str, param: str, default: Value, name: str | None = None
) -> tuple[Design, str]:
    """Make a parameter of an inner node a parameter of the sub-graph, so that each use may set it.

    Args:
        design: the design.
        graph: the sub-graph.
        id: inner node.
        param: its parameter.
        default: the value that uses have as long as they set none: mostly what the node had.
        name: wanted name; the parameter's own by default.

    Returns:
        The new design and the name under which it is exposed.

    Raises:
        DesignError: if the graph is the main graph, which has no uses.
    """
    if not graph:
        raise DesignError("the main graph has no uses; make a variable instead")
    home = design.graph(graph)
    wanted = names.fresh(name or param, {*home.params, *design.variables})
    design = design.with_graph(graph, replace(home, params=frozen({**home.params, wanted: default})))
    return edits.set_params(design, id, {param: f"={wanted}"}, graph), wanted


def set_exposed(design: Design, graph: str, params: Mapping[str, Value]) -> Design:
    """Put other exposed parameters (names and defaults) in place."""
    return design.with_graph(graph, replace(design.graph(graph), params=frozen(params)))


def rename_graph(design: Design, old: str, new: str) -> Design:
    """Give a sub-graph another name; all uses follow.

    Raises:
        DesignError: if the new name is taken or not an identifier.
    """
    if old == new:
        return design
    if reason := names.problem(new):
        raise DesignError(f"sub-graph {new!r} {reason}")
    if new in design.graphs:
        raise DesignError(f"sub-graph {new!r} exists already; choose another name")

    def renamed(graph: Graph) -> Graph:
        if not any(node.subgraph == old for node in graph.nodes.values()):
            return graph
        return replace(
            graph,
            nodes=frozen(
                {
                    id: replace(node, block=SUBGRAPH + new) if node.subgraph == old else node
                    for id, node in graph.nodes.items()
                }
            ),
        )

    graphs = {new if name == old else name: renamed(graph) for name, graph in design.graphs.items()}
    return replace(design, main=renamed(design.main), graphs=frozen(graphs))


def drop_unused(design: Design) -> Design:
    """Remove sub-graphs that nothing uses any more."""
    used: set[str] = set()
    queue = [design.main]
    while queue:
        for node in queue.pop().nodes.values():
            if node.subgraph and node.subgraph in design.graphs and node.subgraph not in used:
                used.add(node.subgraph)
                queue.append(design.graphs[node.subgraph])
    return replace(design, graphs=frozen({name: graph for name, graph in design.graphs.items() if name in used}))
