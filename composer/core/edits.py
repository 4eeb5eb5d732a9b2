"""Edits: pure functions from a Design to a new Design. An edit with an illegal result raises a `DesignError`.

Every function takes the name of the graph to edit as the keyword `graph`; the empty name is the main graph. Functions
without it edit the design as a whole.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from composer.core import bends, names
from composer.core.errors import DesignError
from composer.core.graph import (
    MAX_REPEAT,
    Design,
    Frame,
    Graph,
    Input,
    Item,
    Node,
    Output,
    Point,
    Scalar,
    Training,
    Value,
    Wire,
    frozen,
    is_repeat,
)
from composer.core.topology import reachable


def add(design: Design, item: Item, *, graph: str = "") -> Design:
    """Add an input, a node or an output.

    Raises:
        DesignError: if the id is taken or not an identifier, or the node would put the graph inside itself.
    """
    home = _graph(design, graph)
    _check_free(home, item.id)
    _check_no_recursion(design, item, graph)
    return design.with_graph(graph, _with_item(home, item))


def remove(design: Design, ids: Iterable[str], *, graph: str = "", reconnect: bool = False) -> Design:
    """Remove items and their wires.

    Args:
        design: the design.
        ids: the items; unknown ids are ignored, so that a selection may be out of date.
        graph: graph that holds them.
        reconnect: whether the source of a removed node's first wire feeds what the node fed.
    """
    home = _graph(design, graph)
    removed = {id for id in ids if home.item(id) is not None}
    wires = list(home.wires)
    if reconnect:
        for id in sorted(removed & set(home.nodes)):
            incoming = [wire for wire in wires if wire.target == id]
            if incoming:
                first = incoming[0]
                wires = [
                    replace(wire, source=first.source, source_port=first.source_port) if wire.source == id else wire
                    for wire in wires
                    if wire.target != id
                ]
    frames = tuple(replace(frame, nodes=tuple(id for id in frame.nodes if id not in removed)) for frame in home.frames)
    return design.with_graph(
        graph,
        replace(
            home,
            inputs=frozen({id: item for id, item in home.inputs.items() if id not in removed}),
            nodes=frozen({id: item for id, item in home.nodes.items() if id not in removed}),
            outputs=frozen({id: item for id, item in home.outputs.items() if id not in removed}),
            # Two wires may have become equal by `reconnect`.
            wires=tuple(dict.fromkeys(w for w in wires if w.source not in removed and w.target not in removed)),
            frames=frames if frames != home.frames else home.frames,
        ),
    )


def connect(design: Design, wire: Wire, *, graph: str = "", variadic: bool = False) -> Design:
    """Add a wire. A wire that already ends at the port is replaced, unless the port is variadic.

    Args:
        design: the design.
        wire: the new wire.
        graph: graph that holds both ends.
        variadic: whether the target port takes any number of wires.

    Raises:
        DesignError: if an end does not exist, the wire starts at an output or ends at an input, or it closes a cycle.
    """
    home = _graph(design, graph)
    for id in (wire.source, wire.target):
        if home.item(id) is None:
            raise DesignError(f"wire {wire}: {id!r} does not exist", id)
    if wire.source in home.outputs or wire.target in home.inputs:
        raise DesignError(f"wire {wire} runs the wrong way; draw from an output port to an input port", wire.target)
    if wire in home.wires:
        return design
    downstream = reachable([wire.target], lambda id: (leaving.target for leaving in home.out_wires(id)))
    if wire.source in downstream:
        raise DesignError(f"wire {wire} would close a cycle; a network must be free of cycles", wire.target)
    port = (wire.target, wire.target_port)
    others = home.wires if variadic else tuple(w for w in home.wires if (w.target, w.target_port) != port)
    return design.with_graph(graph, replace(home, wires=(*others, wire)))


def disconnect(design: Design, wires: Iterable[Wire], *, graph: str = "") -> Design:
    """Remove wires; unknown ones are ignored."""
    home = _graph(design, graph)
    removed = set(wires)
    return design.with_graph(graph, replace(home, wires=tuple(wire for wire in home.wires if wire not in removed)))


def insert_on_wire(
    design: Design, wire: Wire, node: Node, *, graph: str = "", input_port: str = "", output_port: str = ""
) -> Design:
    """Insert a node in the middle of a wire.

    Args:
        design: the design.
        wire: the wire, which is replaced by one into the node and one out of it.
        node: a new node, or one of the graph.
        graph: graph that holds the wire.
        input_port: port of the node that the first new wire enters.
        output_port: port of the node that the second new wire leaves.

    Raises:
        DesignError: if the wire does not exist, the item is not a node, or a cycle would close.
    """
    home = _graph(design, graph)
    if wire not in home.wires:
        raise DesignError(f"wire {wire} does not exist")
    unwired = not home.in_wires(node.id) and not home.out_wires(node.id)
    if home.item(node.id) is None:
        design = add(design, node, graph=graph)
    elif node.id not in home.nodes:
        raise DesignError(f"{node.id!r} is not a node and cannot be put on a wire", node.id)
    incoming = Wire(wire.source, node.id, wire.source_port, input_port)
    outgoing = Wire(node.id, wire.target, output_port, wire.target_port)
    home = _graph(design, graph)
    # The new wires take the position of the old one: the order of wires into a variadic port is that of its arguments.
    index = home.wires.index(wire)
    wires = (*home.wires[:index], incoming, outgoing, *home.wires[index + 1 :])
    joined = replace(home, wires=tuple(dict.fromkeys(wires)))
    if not unwired and joined.cycle:
        raise DesignError(f"{node.id!r} cannot be put on {wire}: it would close a cycle", node.id)
    return design.with_graph(graph, joined)


def set_params(design: Design, id: str, params: Mapping[str, Value], *, graph: str = "") -> Design:
    """Set parameters of a node; its other parameters stay."""
    home = _graph(design, graph)
    node = _node(home, id)
    return design.with_graph(graph, _with_item(home, replace(node, params=frozen({**node.params, **params}))))


def reset_params(design: Design, id: str, params: Iterable[str], *, graph: str = "") -> Design:
    """Remove values that were set for parameters of a node, so that its defaults or its wires determine them again."""
    home = _graph(design, graph)
    node = _node(home, id)
    removed = set(params)
    others = {name: value for name, value in node.params.items() if name not in removed}
    return design.with_graph(graph, _with_item(home, replace(node, params=frozen(others))))


def update_item(design: Design, id: str, *, graph: str = "", **changes: Any) -> Design:
    """Change fields of an input, node or output other than its id: ``repeat``, ``note``, ``block``, ``shape``,
    ``dtype``.

    Raises:
        DesignError: if there is no such item, the node would put the graph inside itself, or `repeat` is not valid.
    """
    home = _graph(design, graph)
    item = home.item(id)
    if item is None:
        raise DesignError(f"{id!r} does not exist", id)
    if "repeat" in changes and not is_repeat(repeat := changes["repeat"]):
        raise DesignError(f"{id}: repeat is {repeat!r:.40}, expected an integer from 1 to {MAX_REPEAT}", id)
    changed = replace(item, **changes)
    _check_no_recursion(design, changed, graph)
    return design.with_graph(graph, _with_item(home, changed))


def move(design: Design, positions: Mapping[str, Point], *, graph: str = "") -> Design:
    """Move items to positions on the canvas, in pixels; bends of wires whose two ends move alike move along."""
    home = _graph(design, graph)

    def with_positions(items: Mapping[str, Any]) -> Mapping[str, Any]:
        if not positions.keys() & items.keys():
            return items
        return frozen(
            {id: replace(item, position=positions[id]) if id in positions else item for id, item in items.items()}
        )

    offsets = {}
    for id, (x, y) in positions.items():
        if (item := home.item(id)) is not None:
            offsets[id] = (x - item.position[0], y - item.position[1])
    home = bends.move_bends(home, offsets)
    return design.with_graph(
        graph,
        replace(
            home,
            inputs=with_positions(home.inputs),
            nodes=with_positions(home.nodes),
            outputs=with_positions(home.outputs),
        ),
    )


def rename(design: Design, old: str, new: str, *, graph: str = "") -> Design:
    """Give an item another id; order and wires stay.

    An input or output of a sub-graph is a port of its instances, so their wires are updated, too.

    Raises:
        DesignError: if there is no such item, or the new id is taken or not an identifier.
    """
    if old == new:
        return design
    home = _graph(design, graph)
    if home.item(old) is None:
        raise DesignError(f"{old!r} does not exist", old)
    _check_free(home, new)

    def new_id(id: str) -> str:
        return new if id == old else id

    def renamed(items: Mapping[str, Any]) -> Mapping[str, Any]:
        if old not in items:
            return items
        return frozen({new_id(id): replace(item, id=new) if id == old else item for id, item in items.items()})

    if graph and old not in home.nodes:
        design = _rename_port(design, graph, old, new, output=old in home.outputs)
    return design.with_graph(
        graph,
        replace(
            home,
            inputs=renamed(home.inputs),
            nodes=renamed(home.nodes),
            outputs=renamed(home.outputs),
            wires=tuple(replace(wire, source=new_id(wire.source), target=new_id(wire.target)) for wire in home.wires),
            frames=tuple(replace(frame, nodes=tuple(map(new_id, frame.nodes))) for frame in home.frames),
        ),
    )


def _rename_port(design: Design, subgraph: str, old: str, new: str, *, output: bool) -> Design:
    """Update the wires at the instances of a sub-graph after one of its inputs or outputs was renamed."""
    for name, home in design.all_graphs():
        instances = {node.id for node in home.nodes.values() if node.subgraph == subgraph}

        def updated(wire: Wire, instances: set[str] = instances) -> Wire:
            if output and wire.source in instances and wire.source_port == old:
                return replace(wire, source_port=new)
            if not output and wire.target in instances and wire.target_port == old:
                return replace(wire, target_port=new)
            return wire

        wires = tuple(updated(wire) for wire in home.wires)
        if wires != home.wires:
            design = design.with_graph(name, replace(home, wires=wires))
    return design


def paste(design: Design, clip: Graph, offset: Point = (0.0, 0.0), *, graph: str = "") -> tuple[Design, dict[str, str]]:
    """Add copies of the items and wires of a clip.

    Args:
        design: the design.
        clip: the graph to copy; its wires from items that it does not hold are copied if the target graph has the
            items.
        offset: shift of the copies in pixels.
        graph: the target graph.

    Returns:
        The new design, and the new id of each copied item.
    """
    home = _graph(design, graph)
    taken = set(home.ids())
    new_ids: dict[str, str] = {}
    for id in clip.ids():
        new_ids[id] = names.fresh(id, taken)
        taken.add(new_ids[id])
    for items in (clip.inputs, clip.nodes, clip.outputs):
        for id, item in items.items():
            position = (item.position[0] + offset[0], item.position[1] + offset[1])
            design = add(design, replace(item, id=new_ids[id], position=position), graph=graph)
    home = _graph(design, graph)
    wires = [
        replace(
            wire,
            source=new_ids.get(wire.source, wire.source),
            target=new_ids[wire.target],
            bends=bends.shift_bends(wire.bends, offset) if wire.source in new_ids else (),
        )
        for wire in clip.wires
        if wire.target in new_ids
        and (wire.source in new_ids or wire.source in home.inputs or wire.source in home.nodes)
    ]
    return design.with_graph(graph, replace(home, wires=(*home.wires, *wires))), new_ids


def excerpt(design: Design, ids: Iterable[str], *, graph: str = "") -> Graph:
    """Return some items and all wires that end in them, as a clip for `paste`.

    Wires from outside are part of it, so that a paste into the same graph can keep them.
    """
    home = _graph(design, graph)
    copied = set(ids)
    return Graph(
        inputs={id: item for id, item in home.inputs.items() if id in copied},
        nodes={id: item for id, item in home.nodes.items() if id in copied},
        outputs={id: item for id, item in home.outputs.items() if id in copied},
        wires=tuple(wire for wire in home.wires if wire.target in copied),
    )


def set_frames(design: Design, frames: Iterable[Frame], *, graph: str = "") -> Design:
    """Replace the frames of a graph."""
    return design.with_graph(graph, replace(_graph(design, graph), frames=tuple(frames)))


def set_variable(design: Design, name: str, value: Scalar) -> Design:
    """Add a variable or change it.

    Raises:
        DesignError: if the name is not an identifier.
    """
    if reason := names.problem(name):
        raise DesignError(f"variable {name!r} {reason}")
    return replace(design, variables=frozen({**design.variables, name: value}))


def remove_variable(design: Design, name: str) -> Design:
    """Remove a variable; parameters that still use it show an error until they are changed."""
    return replace(design, variables=frozen({key: value for key, value in design.variables.items() if key != name}))


def set_training(design: Design, training: Training) -> Design:
    """Replace the training settings."""
    return replace(design, training=training)


def remove_augmentation(design: Design, name: str) -> Design:
    """Take an augmentation out of the training settings."""
    remaining = tuple(reference for reference in design.training.augment if reference.name != name)
    return set_training(design, replace(design.training, augment=remaining))


def _graph(design: Design, name: str) -> Graph:
    try:
        return design.graph(name)
    except KeyError:
        subgraphs = ", ".join(design.graphs) or "none"
        raise DesignError(f"sub-graph {name!r} does not exist; the design has: {subgraphs}") from None


def _node(graph: Graph, id: str) -> Node:
    if id not in graph.nodes:
        raise DesignError(f"node {id!r} does not exist", id)
    return graph.nodes[id]


def _with_item(graph: Graph, item: Item) -> Graph:
    match item:
        case Input():
            return replace(graph, inputs=frozen({**graph.inputs, item.id: item}))
        case Node():
            return replace(graph, nodes=frozen({**graph.nodes, item.id: item}))
        case Output():
            return replace(graph, outputs=frozen({**graph.outputs, item.id: item}))


def _check_free(graph: Graph, id: str) -> None:
    if reason := names.problem(id):
        raise DesignError(f"name {id!r} {reason}", id)
    if graph.item(id) is not None:
        raise DesignError(f"name {id!r} is already used in this graph; choose another", id)


def _check_no_recursion(design: Design, item: Item, graph: str) -> None:
    if isinstance(item, Node) and item.subgraph is not None:
        _graph(design, item.subgraph)
        if graph and graph in design.nested_graphs([item.subgraph]):
            raise DesignError(f"node {item.id!r} would put sub-graph {graph!r} inside itself", item.id)
