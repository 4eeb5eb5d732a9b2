"""Edits of sub-graphs: make one of a selection, unpack an instance, make an instance unique, expose a parameter,
rename.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from composer.core import edits, names
from composer.core.bends import shift_bends
from composer.core.binding import PortKey
from composer.core.errors import DesignError
from composer.core.expressions import substitute, value_names, value_parts
from composer.core.graph import (
    SUBGRAPH,
    Design,
    Frame,
    Graph,
    Input,
    Node,
    Output,
    Point,
    Value,
    Wire,
    frozen,
)
from composer.core.topology import reachable

# Pixels from a node to an input or output of its sub-graph: half of each card, and a label such as 112 × 112 × 64
# between.
END_DISTANCE = 280.0
END_STEP = 80.0  # pixels between the inputs, and between the outputs


@dataclass(frozen=True, slots=True)
class _Selection:
    """Nodes that become a sub-graph, and its ports.

    Attributes:
        home: the graph that holds them.
        ids: the nodes, in the order of the graph.
        inputs: one input for each source outside, however many nodes it feeds, by source.
        outputs: one output for each source inside that feeds a node outside, by source.
    """

    home: Graph
    ids: tuple[str, ...]
    inputs: Mapping[PortKey, str]
    outputs: Mapping[PortKey, str]

    @property
    def inside(self) -> frozenset[str]:
        """The ids as a set."""
        return frozenset(self.ids)


def make(design: Design, ids: Iterable[str], name: str, *, graph: str = "") -> tuple[Design, str]:
    """Turn nodes into a sub-graph, with one instance in their place.

    Args:
        design: the design.
        ids: the nodes; inputs and outputs of the graph cannot be part of a sub-graph and are ignored.
        name: requested name of the sub-graph; numbered if it is taken.
        graph: graph that holds the nodes.

    Returns:
        The new design and the id of the instance.

    Raises:
        DesignError: if no node is selected, or a path leaves the selection and comes back.
    """
    home = design.graph(graph)
    selection = _select(home, set(ids))
    title = names.fresh(names.snake(name), set(design.graphs))
    # Expressions in the nodes may use parameters of the surrounding sub-graph, which the instance passes on.
    used = sorted({name for id in selection.ids for name in _names_of(home.nodes[id])} & home.params.keys())
    instance = Node(
        names.fresh(title, set(home.ids()) - selection.inside),
        SUBGRAPH + title,
        {key: f"={key}" for key in used},
        _center(home.nodes[id].position for id in selection.ids),
    )
    design = design.with_graph(title, _inner_graph(selection, {key: home.params[key] for key in used}))
    nodes: dict[str, Node] = {}
    for id, node in home.nodes.items():
        if id == selection.ids[0]:
            nodes[instance.id] = instance
        if id not in selection.inside:
            nodes[id] = node
    frames = tuple(
        replace(frame, nodes=tuple(id for id in frame.nodes if id not in selection.inside)) for frame in home.frames
    )
    wires = tuple(_outer_wires(selection, instance.id))
    return design.with_graph(graph, replace(home, nodes=frozen(nodes), wires=wires, frames=frames)), instance.id


def _select(home: Graph, ids: set[str]) -> _Selection:
    """Check the nodes of a new sub-graph and name its ports."""
    nodes = tuple(id for id in home.nodes if id in ids)
    if not nodes:
        raise DesignError("select at least one node to make a sub-graph of")
    inside = set(nodes)
    _check_no_detour(home, inside)
    taken = set(nodes)
    inputs: dict[PortKey, str] = {}
    outputs: dict[PortKey, str] = {}
    for wire in home.wires:
        key = (wire.source, wire.source_port)
        if wire.source not in inside and wire.target in inside and key not in inputs:
            inputs[key] = names.fresh(wire.source if inputs else "x", taken)
            taken.add(inputs[key])
    for wire in home.wires:
        key = (wire.source, wire.source_port)
        if wire.source in inside and wire.target not in inside and key not in outputs:
            outputs[key] = names.fresh("y", taken)
            taken.add(outputs[key])
    return _Selection(home, nodes, inputs, outputs)


def _check_no_detour(home: Graph, inside: set[str]) -> None:
    """Check that no path leaves a selection and comes back: its instance would depend on itself."""

    def targets(id: str) -> Iterator[str]:
        return (wire.target for wire in home.out_wires(id))

    outside = reachable(
        (target for id in inside for target in targets(id) if target not in inside),
        lambda id: (target for target in targets(id) if target not in inside),
    )
    for id in outside:
        if any(target in inside for target in targets(id)):
            raise DesignError(
                f"the selection cannot become a sub-graph: a path leaves it and comes back through {id!r};"
                " select that node, too",
                id,
            )


def _inner_graph(selection: _Selection, params: Mapping[str, Value]) -> Graph:
    """Return the new sub-graph: the nodes at their positions, inputs on their left, outputs on their right."""
    home, inside = selection.home, selection.inside
    positions = [home.nodes[id].position for id in selection.ids]
    left, right = min(x for x, _ in positions) - END_DISTANCE, max(x for x, _ in positions) + END_DISTANCE
    top = min(y for _, y in positions)
    wires: list[Wire] = []
    for wire in home.wires:
        if wire.source not in inside and wire.target in inside:
            id = selection.inputs[wire.source, wire.source_port]
            wires.append(replace(wire, source=id, source_port="", bends=()))
    wires += [wire for wire in home.wires if wire.source in inside and wire.target in inside]
    wires += [Wire(source, id, port) for (source, port), id in selection.outputs.items()]
    return Graph(
        inputs={
            id: Input(id, position=(left, top + END_STEP * row)) for row, id in enumerate(selection.inputs.values())
        },
        nodes={id: home.nodes[id] for id in selection.ids},
        outputs={id: Output(id, (right, top + END_STEP * row)) for row, id in enumerate(selection.outputs.values())},
        wires=tuple(wires),
        params=params,
    )


def _outer_wires(selection: _Selection, instance: str) -> list[Wire]:
    """Return the wires of the surrounding graph, with the instance as the end of those that cross its border."""
    inside = selection.inside
    first_input = next(iter(selection.inputs.values()), "")
    first_output = next(iter(selection.outputs.values()), "")
    wires: list[Wire] = []
    for wire in selection.home.wires:
        key = (wire.source, wire.source_port)
        if wire.source not in inside and wire.target not in inside:
            wires.append(wire)
        elif wire.source not in inside:
            id = selection.inputs[key]
            incoming = Wire(wire.source, instance, wire.source_port, "" if id == first_input else id)
            if incoming not in wires:  # one source may have fed several of the nodes
                wires.append(incoming)
        elif wire.target not in inside:
            id = selection.outputs[key]
            wires.append(replace(wire, source=instance, source_port="" if id == first_output else id))
    return wires


def _names_of(node: Node) -> set[str]:
    """Return the names that the expressions of a node use."""
    return set().union(*(value_names(value) for value in (*node.params.values(), node.repeat)))


def unpack(design: Design, id: str, *, graph: str = "") -> tuple[Design, list[str]]:
    """Replace an instance of a sub-graph by the nodes of the sub-graph.

    Args:
        design: the design.
        id: the instance; it must not be repeated.
        graph: graph that holds it.

    Returns:
        The new design and the ids of the unpacked nodes.

    Raises:
        DesignError: if the node is not an instance of a sub-graph, or is repeated.
    """
    home = design.graph(graph)
    instance = _instance(home, id)
    if instance.repeat != 1:
        raise DesignError(f"{id!r} is repeated; set repeat to 1 before unpacking it", id)
    inner = design.graphs[str(instance.subgraph)]
    taken = set(home.ids()) - {id}
    new_ids: dict[str, str] = {}
    for inner_id in inner.nodes:
        new_ids[inner_id] = names.fresh(inner_id, taken)
        taken.add(new_ids[inner_id])
    # The unpacked nodes are centered where the instance was.
    x, y = _center(item.position for item in inner.nodes.values())
    offset = (instance.position[0] - x, instance.position[1] - y)
    unpacked = _unpacked_nodes(inner, instance, new_ids, offset)
    nodes: dict[str, Node] = {}
    for key, item in home.nodes.items():
        nodes.update(unpacked if key == id else {key: item})
    frames = [
        replace(frame, nodes=tuple(new for old in frame.nodes for new in (unpacked if old == id else (old,))))
        for frame in home.frames
    ]
    for frame in inner.frames:
        frames.append(_shifted_frame(frame, offset, new_ids, {other.id for other in frames}))
    wires = tuple(dict.fromkeys(_unpacked_wires(home, id, inner, new_ids, offset)))
    new_home = replace(home, nodes=frozen(nodes), wires=wires, frames=tuple(frames))
    return design.with_graph(graph, new_home), list(unpacked)


def _unpacked_nodes(inner: Graph, instance: Node, new_ids: Mapping[str, str], offset: Point) -> dict[str, Node]:
    """Return the nodes of a sub-graph with the parameters of one instance of it written into their expressions."""
    params = {name: value_parts(value)[0] for name, value in {**inner.params, **instance.params}.items()}
    nodes = {}
    for id, node in inner.nodes.items():
        repeat = substitute(node.repeat, params)
        nodes[new_ids[id]] = replace(
            node,
            id=new_ids[id],
            params={name: substitute(value, params) for name, value in node.params.items()},
            repeat=repeat if isinstance(repeat, int | str) else 1,
            position=(node.position[0] + offset[0], node.position[1] + offset[1]),
        )
    return nodes


def _unpacked_wires(home: Graph, id: str, inner: Graph, new_ids: Mapping[str, str], offset: Point) -> Iterator[Wire]:
    """Yield the wires around and inside an unpacked instance; some may be equal."""
    first_input, first_output = next(iter(inner.inputs), ""), next(iter(inner.outputs), "")
    feeds = {wire.target_port or first_input: wire for wire in home.in_wires(id)}
    origins = {wire.target: wire for wire in inner.wires if wire.target in inner.outputs}
    # Wires of the surrounding graph: those out of the instance start at what fed the output inside.
    for wire in home.wires:
        if wire.target == id:
            continue
        if wire.source != id:
            yield wire
            continue
        origin = origins.get(wire.source_port or first_output)
        if origin is None:
            continue
        if origin.source not in inner.inputs:
            yield replace(wire, source=new_ids[origin.source], source_port=origin.source_port)
        elif (feed := feeds.get(origin.source)) is not None:  # the sub-graph passes an input through
            yield replace(wire, source=feed.source, source_port=feed.source_port)
    # Wires of the sub-graph: those out of an input start at what fed the instance.
    for wire in inner.wires:
        if wire.target in inner.outputs:
            continue
        if wire.source not in inner.inputs:
            bends = shift_bends(wire.bends, offset)
            yield replace(wire, source=new_ids[wire.source], target=new_ids[wire.target], bends=bends)
        elif (feed := feeds.get(wire.source)) is not None:
            yield Wire(feed.source, new_ids[wire.target], feed.source_port, wire.target_port)


def _shifted_frame(frame: Frame, offset: Point, new_ids: Mapping[str, str], taken: set[str]) -> Frame:
    """Return a frame of a sub-graph as one of the surrounding graph."""
    x, y, width, height = frame.rect
    members = tuple(new_ids[id] for id in frame.nodes if id in new_ids)
    return Frame(names.fresh(frame.id, taken), frame.title, (x + offset[0], y + offset[1], width, height), members)


def _center(positions: Iterable[Point]) -> Point:
    """Return the center of the smallest area that holds some positions; the origin for none."""
    points = list(positions) or [(0.0, 0.0)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _instance(home: Graph, id: str) -> Node:
    node = home.nodes.get(id)
    if node is None or node.subgraph is None:
        raise DesignError(f"{id!r} is not an instance of a sub-graph", id)
    return node


def make_unique(design: Design, id: str, *, graph: str = "") -> Design:
    """Give an instance its own copy of its sub-graph, so that edits no longer affect the other instances.

    Raises:
        DesignError: if the node is not an instance of a sub-graph.
    """
    name = str(_instance(design.graph(graph), id).subgraph)
    copy = names.fresh(name, set(design.graphs))
    design = design.with_graph(copy, design.graphs[name])
    return edits.update_item(design, id, graph=graph, block=SUBGRAPH + copy)


def expose(
    design: Design, id: str, param: str, default: Value, *, graph: str, name: str | None = None
) -> tuple[Design, str]:
    """Make a parameter of an inner node a parameter of the sub-graph, so that each instance can set it.

    Args:
        design: the design.
        id: the inner node.
        param: its parameter.
        default: the value for instances that set none, usually the node's own.
        graph: the sub-graph.
        name: requested name of the new parameter; by default that of `param`. Numbered if it is taken.

    Returns:
        The new design and the name of the new parameter.

    Raises:
        DesignError: if the graph is the main graph, which has no instances.
    """
    if not graph:
        raise DesignError("the main graph has no instances; make a variable instead")
    home = design.graph(graph)
    new = names.fresh(name or param, {*home.params, *design.variables})
    design = design.with_graph(graph, replace(home, params=frozen({**home.params, new: default})))
    return edits.set_params(design, id, {param: f"={new}"}, graph=graph), new


def set_exposed(design: Design, params: Mapping[str, Value], *, graph: str) -> Design:
    """Replace the exposed parameters of a sub-graph: their names and defaults."""
    return design.with_graph(graph, replace(design.graph(graph), params=frozen(params)))


def rename_graph(design: Design, old: str, new: str) -> Design:
    """Give a sub-graph another name, also in its instances.

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
        instances = {
            id: replace(node, block=SUBGRAPH + new) for id, node in graph.nodes.items() if node.subgraph == old
        }
        return replace(graph, nodes=frozen({**graph.nodes, **instances})) if instances else graph

    graphs = {new if name == old else name: renamed(graph) for name, graph in design.graphs.items()}
    return replace(design, main=renamed(design.main), graphs=frozen(graphs))
