"""The edits: each a pure function from a Design to a new Design that refuses an illegal result with one sentence.

The `graph` argument names the graph that is edited; the empty name is the main graph.
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


def _graph(design: Design, graph: str) -> Graph:
    try:
        return design.graph(graph)
    except KeyError:
        raise DesignError(f"sub-graph {graph!r} does not exist; known: {', '.join(design.graphs) or 'none'}") from None


def _node(graph: Graph, id: str) -> Node:
    if id not in graph.nodes:
        raise DesignError(f"node {id!r} does not exist", id)
    return graph.nodes[id]


def _free_id(graph: Graph, id: str) -> None:
    if reason := names.problem(id):
        raise DesignError(f"name {id!r} {reason}", id)
    if graph.item(id) is not None:
        raise DesignError(f"name {id!r} is already used in this graph; choose another", id)


def _replace_item(graph: Graph, item: Input | Node | Output) -> Graph:
    match item:
        case Input():
            return replace(graph, inputs=frozen({**graph.inputs, item.id: item}))
        case Node():
            return replace(graph, nodes=frozen({**graph.nodes, item.id: item}))
        case Output():
            return replace(graph, outputs=frozen({**graph.outputs, item.id: item}))


def add(design: Design, item: Input | Node | Output, graph: str = "") -> Design:
    """Add an input, a node or an output.

    Raises:
        DesignError: if the id is taken or not an identifier, or the node would use its own graph.
    """
    home = _graph(design, graph)
    _free_id(home, item.id)
    _refuse_recursion(design, item, graph)
    return design.with_graph(graph, _replace_item(home, item))


def _refuse_recursion(design: Design, item: Input | Node | Output, graph: str) -> None:
    if isinstance(item, Node) and item.subgraph is not None:
        _graph(design, item.subgraph)
        if graph and (item.subgraph == graph or graph in _uses(design, item.subgraph)):
            raise DesignError(f"node {item.id!r} would put sub-graph {graph!r} inside itself", item.id)


def _uses(design: Design, graph: str) -> set[str]:
    """Sub-graphs that a graph uses, directly and through others."""
    found: set[str] = set()
    queue = [graph]
    while queue:
        for node in design.graph(queue.pop()).nodes.values():
            if node.subgraph and node.subgraph in design.graphs and node.subgraph not in found:
                found.add(node.subgraph)
                queue.append(node.subgraph)
    return found


def remove(design: Design, ids: Iterable[str], graph: str = "", *, reconnect: bool = False) -> Design:
    """Remove items and their wires.

    Args:
        ids: what to remove; unknown ids are ignored, so that a selection may be stale.
        reconnect: join what fed a removed node's first input with what its outputs fed.
    """
    home = _graph(design, graph)
    gone = {id for id in ids if home.item(id) is not None}
    wires = list(home.wires)
    if reconnect:
        for id in sorted(gone & set(home.nodes)):
            incoming = [wire for wire in wires if wire.target == id]
            if incoming:
                first = incoming[0]
                wires = [
                    replace(wire, source=first.source, source_port=first.source_port) if wire.source == id else wire
                    for wire in wires
                    if wire.target != id
                ]
    kept = tuple(dict.fromkeys(wire for wire in wires if wire.source not in gone and wire.target not in gone))
    frames = tuple(replace(frame, nodes=tuple(id for id in frame.nodes if id not in gone)) for frame in home.frames)
    return design.with_graph(
        graph,
        replace(
            home,
            inputs=frozen({id: item for id, item in home.inputs.items() if id not in gone}),
            nodes=frozen({id: item for id, item in home.nodes.items() if id not in gone}),
            outputs=frozen({id: item for id, item in home.outputs.items() if id not in gone}),
            wires=kept,
            frames=frames if frames != home.frames else home.frames,
        ),
    )


def connect(design: Design, wire: Wire, graph: str = "", *, variadic: bool = False) -> Design:
    """Add a wire; a wire that already ends at the port is replaced, unless the port takes many.

    Args:
        variadic: whether the target port takes any number of wires.

    Raises:
        DesignError: if an end does not exist, the wire runs backwards from an output or into an input, or it closes a cycle.
    """
    home = _graph(design, graph)
    for id in (wire.source, wire.target):
        if home.item(id) is None:
            raise DesignError(f"wire {wire}: {id!r} does not exist", id)
    if wire.source in home.outputs or wire.target in home.inputs:
        raise DesignError(f"wire {wire} runs the wrong way; draw from an output port to an input port", wire.target)
    if wire in home.wires:
        return design
    import networkx as nx  # as in `graph`: only when it is needed

    if wire.source == wire.target or nx.has_path(home.to_networkx(), wire.target, wire.source):
        raise DesignError(f"wire {wire} would close a cycle; a network must be free of cycles", wire.target)
    kept = (
        home.wires
        if variadic
        else tuple(w for w in home.wires if (w.target, w.target_port) != (wire.target, wire.target_port))
    )
    return design.with_graph(graph, replace(home, wires=(*kept, wire)))


def disconnect(design: Design, wires: Iterable[Wire], graph: str = "") -> Design:
    """Remove wires."""
    home = _graph(design, graph)
    gone = set(wires)
    return design.with_graph(graph, replace(home, wires=tuple(wire for wire in home.wires if wire not in gone)))


def insert_on_wire(
    design: Design, wire: Wire, node: Node, graph: str = "", *, input_port: str = "", output_port: str = ""
) -> Design:
    """Put a node (new or already there) in the middle of a wire."""
    home = _graph(design, graph)
    if wire not in home.wires:
        raise DesignError(f"wire {wire} does not exist")
    loose = not home.in_wires(node.id) and not home.out_wires(node.id)
    if home.item(node.id) is None:
        design = add(design, node, graph)
    elif node.id not in home.nodes:
        raise DesignError(f"{node.id!r} is no node and cannot be put on a wire", node.id)
    into = Wire(wire.source, node.id, wire.source_port, input_port)
    out = Wire(node.id, wire.target, output_port, wire.target_port)
    home = _graph(design, graph)
    place = home.wires.index(
        wire
    )  # keep the place: the order of wires into a variadic port is the order of its arguments
    wires = tuple(w for w in (*home.wires[:place], into, out, *home.wires[place + 1 :]))
    joined = replace(home, wires=tuple(dict.fromkeys(wires)))
    if not loose and joined.cycle:
        raise DesignError(f"{node.id!r} cannot be put on {wire}: it would close a cycle", node.id)
    return design.with_graph(graph, joined)


def set_params(design: Design, id: str, params: Mapping[str, Value], graph: str = "") -> Design:
    """Set parameters of a node by hand; the others stay."""
    home = _graph(design, graph)
    node = _node(home, id)
    return design.with_graph(graph, _replace_item(home, replace(node, params=frozen({**node.params, **params}))))


def reset_params(design: Design, id: str, params: Iterable[str], graph: str = "") -> Design:
    """Give parameters back to their default or to the wire."""
    home = _graph(design, graph)
    node = _node(home, id)
    gone = set(params)
    kept = {name: value for name, value in node.params.items() if name not in gone}
    return design.with_graph(graph, _replace_item(home, replace(node, params=frozen(kept))))


def update_item(design: Design, id: str, graph: str = "", **changes: Any) -> Design:
    """Change fields of an input, node or output other than its id: ``repeat``, ``note``, ``block``, ``shape``, ``dtype``.

    Raises:
        DesignError: if there is no such item, the node would use its own graph, or it cannot be repeated so.
    """
    home = _graph(design, graph)
    item = home.item(id)
    if item is None:
        raise DesignError(f"{id!r} does not exist", id)
    if "repeat" in changes and not is_repeat(repeat := changes["repeat"]):
        raise DesignError(
            f"{id}: repeat {repeat!r:.40} is no number of rounds, expected a whole number from 1 to {MAX_REPEAT}", id
        )
    changed = replace(item, **changes)
    _refuse_recursion(design, changed, graph)
    return design.with_graph(graph, _replace_item(home, changed))


def move(design: Design, positions: Mapping[str, Point], graph: str = "") -> Design:
    """Place items on the canvas, in pixels; the bends of wires between items that move alike come along."""
    home = _graph(design, graph)

    def placed(items: Mapping[str, Any]) -> Mapping[str, Any]:
        if not positions.keys() & items.keys():
            return items
        return frozen(
            {id: replace(item, position=positions[id]) if id in positions else item for id, item in items.items()}
        )

    moved = {}
    for id, (x, y) in positions.items():
        if (item := home.item(id)) is not None:
            moved[id] = (x - item.position[0], y - item.position[1])
    home = bends.move_bends(home, moved)
    return design.with_graph(
        graph, replace(home, inputs=placed(home.inputs), nodes=placed(home.nodes), outputs=placed(home.outputs))
    )


def rename(design: Design, old: str, new: str, graph: str = "") -> Design:
    """Give an item another id; order and wires stay. An input or output of a sub-graph is a port of its uses: their wires follow.

    Raises:
        DesignError: if the new id is taken or not an identifier.
    """
    if old == new:
        return design
    home = _graph(design, graph)
    if home.item(old) is None:
        raise DesignError(f"{old!r} does not exist", old)
    _free_id(home, new)

    def renamed(items: Mapping[str, Any]) -> Mapping[str, Any]:
        if old not in items:
            return items
        return frozen(
            {new if id == old else id: replace(item, id=new) if id == old else item for id, item in items.items()}
        )

    def end(id: str) -> str:
        return new if id == old else id

    if graph and old not in home.nodes:
        design = _rename_port(design, graph, old, new, output=old in home.outputs)
    return design.with_graph(
        graph,
        replace(
            home,
            inputs=renamed(home.inputs),
            nodes=renamed(home.nodes),
            outputs=renamed(home.outputs),
            wires=tuple(replace(wire, source=end(wire.source), target=end(wire.target)) for wire in home.wires),
            frames=tuple(replace(frame, nodes=tuple(end(id) for id in frame.nodes)) for frame in home.frames),
        ),
    )


def _rename_port(design: Design, subgraph: str, old: str, new: str, *, output: bool) -> Design:
    """Let the wires at the uses of a sub-graph follow when one of its inputs or outputs is renamed."""
    for name, home in design.all_graphs():
        uses = {node.id for node in home.nodes.values() if node.subgraph == subgraph}

        def follow(wire: Wire, uses: set[str] = uses) -> Wire:
            if output and wire.source in uses and wire.source_port == old:
                return replace(wire, source_port=new)
            if not output and wire.target in uses and wire.target_port == old:
                return replace(wire, target_port=new)
            return wire

        wires = tuple(follow(wire) for wire in home.wires)
        if wires != home.wires:
            design = design.with_graph(name, replace(home, wires=wires))
    return design


def paste(design: Design, clip: Graph, offset: Point = (0.0, 0.0), graph: str = "") -> tuple[Design, dict[str, str]]:
    """Add copies of the nodes and inner wires of a clip.

    Args:
        clip: a graph whose nodes and wires are copied; its wires to ids that it does not hold are kept if the target graph has them.
        offset: shift of the copies in pixels.

    Returns:
        The new design and the new id of each copied id.
    """
    home = _graph(design, graph)
    taken = set(home.ids())
    fresh: dict[str, str] = {}
    for id in clip.ids():
        fresh[id] = names.fresh(id, taken)
        taken.add(fresh[id])
    for items in (clip.inputs, clip.nodes, clip.outputs):
        for id, item in items.items():
            position = (item.position[0] + offset[0], item.position[1] + offset[1])
            design = add(design, replace(item, id=fresh[id], position=position), graph)
    home = _graph(design, graph)
    wires = [
        replace(
            wire,
            source=fresh.get(wire.source, wire.source),
            target=fresh[wire.target],
            bends=bends.shift_bends(wire.bends, offset) if wire.source in fresh else (),
        )
        for wire in clip.wires
        if wire.target in fresh and (wire.source in fresh or wire.source in home.inputs or wire.source in home.nodes)
    ]
    return design.with_graph(graph, replace(home, wires=(*home.wires, *wires))), fresh


def excerpt(design: Design, ids: Iterable[str], graph: str = "") -> Graph:
    """The chosen items and the wires that end in them, as a clip for `paste`; wires from outside are kept so that a paste may keep them."""
    home = _graph(design, graph)
    chosen = set(ids)
    return Graph(
        inputs={id: item for id, item in home.inputs.items() if id in chosen},
        nodes={id: item for id, item in home.nodes.items() if id in chosen},
        outputs={id: item for id, item in home.outputs.items() if id in chosen},
        wires=tuple(wire for wire in home.wires if wire.target in chosen),
    )


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
    """Put other training settings in place."""
    return replace(design, training=training)


def set_frames(design: Design, frames: Iterable[Frame], graph: str = "") -> Design:
    """Put other frames in place."""
    return design.with_graph(graph, replace(_graph(design, graph), frames=tuple(frames)))
