"""What a wire that is being drawn may connect: pure functions of the design, called once when the drag starts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from composer.core import edits
from composer.core.blocks.ports import canonical, declared_kind, fits, input_ports, kind, output_ports
from composer.core.blocks.token_meaning import is_tokens
from composer.core.graph import Design, Node, Wire
from composer.core.topology import format_cycle, reachable
from composer.gui.canvas.items.content import output_shape
from composer.gui.session.session import Session


@dataclass(frozen=True, slots=True)
class End:
    """One port of an item, as an end of a wire.

    Attributes:
        id: id of the item.
        output: whether it is an output port.
        index: index among the ports of its side.
    """

    id: str
    output: bool
    index: int


def kind_at(session: Session, end: End) -> str:
    """Return the tensor layout at a port: that of the inferred shape if there is one, else what the block declares."""
    item = session.document.graph.item(end.id)
    if end.output:
        shape = output_shape(session.document.graph, end.id, end.index, session.facts_for(end.id))
        if shape is not None:
            return kind(shape)
    spec = session.catalog.get(item.block) if isinstance(item, Node) else None
    return declared_kind(spec, end.index, output=end.output) if spec is not None else "any"


def tokens_at(session: Session, end: End) -> bool:
    """Return whether the tensor at an output is known to hold tokens, whose number must not be read as channels."""
    facts = session.facts_for(end.id)
    if not end.output or facts is None or end.index >= len(facts.outputs):
        return False
    port = facts.outputs[end.index]
    return is_tokens(port.shape, port.layout)


def wire_between(session: Session, one: End, other: End) -> Wire:
    """Return the wire between an output and an input, given in either order."""
    document = session.document
    source, target = (one, other) if one.output else (other, one)
    outs = output_ports(document.design, session.catalog, document.graph_name, source.id)
    ins = input_ports(document.design, session.catalog, document.graph_name, target.id)
    return Wire(source.id, target.id, canonical(outs, source.index), canonical(ins, target.index))


def candidates(session: Session, fixed: End, without: Wire | None = None) -> Iterator[tuple[End, bool]]:
    """Yield the ports that a wire can connect to without closing a cycle, and whether the tensor layouts fit.

    Args:
        session: the session.
        fixed: the end of the wire that stays.
        without: a wire that is being moved, and so closes no cycle.
    """
    import networkx as nx  # imported on demand: it takes a tenth of a second

    document, graph = session.document, session.document.graph
    topology = graph.to_networkx()
    if without is not None:
        topology = nx.MultiDiGraph(topology)
        parallel = topology[without.source][without.target]
        key = next(key for key, data in parallel.items() if data["wire"] == without)
        topology.remove_edge(without.source, without.target, key)
    # A wire from an output closes a cycle at every ancestor, one into an input at every descendant.
    barred = {fixed.id} | (nx.ancestors(topology, fixed.id) if fixed.output else nx.descendants(topology, fixed.id))
    ports_of = input_ports if fixed.output else output_ports
    fixed_kind = kind_at(session, fixed)
    for id in graph.ids():
        if id in barred:
            continue
        for index in range(len(ports_of(document.design, session.catalog, document.graph_name, id))):
            end = End(id, not fixed.output, index)
            other = kind_at(session, end)
            yield end, fits(fixed_kind, other) if fixed.output else fits(other, fixed_kind)


def refusal(session: Session, fixed: End, id: str, output: bool | None = None, without: Wire | None = None) -> str:
    """Return why a wire cannot be connected to an item; empty if it can.

    Args:
        session: the session.
        fixed: the end of the wire that stays.
        id: the item at which it was dropped.
        output: whether it was dropped at an output port or at an input port; None for the body of the item.
        without: a wire that is being moved.
    """
    document = session.document
    ports_of = input_ports if fixed.output else output_ports
    if output == fixed.output and id != fixed.id:
        return "two outputs cannot be wired to each other" if output else "two inputs cannot be wired to each other"
    if not ports_of(document.design, session.catalog, document.graph_name, id):
        return f"{id} has no {'input' if fixed.output else 'output'} port"
    source, target = (fixed.id, id) if fixed.output else (id, fixed.id)
    wires = [wire for wire in document.graph.wires if wire != without]
    origins = reachable([target], lambda node: (wire.target for wire in wires if wire.source == node))
    if source not in origins:
        return ""
    path = [source]
    while (previous := origins[path[-1]]) is not None:
        path.append(previous)
    return f"a wire {source} -> {target} would close the cycle {format_cycle(path[::-1])}; a network has none"


def best_port(session: Session, id: str, offered: dict[End, bool], without: Wire | None = None) -> End | None:
    """Return the port that a wire dropped on the body of an item takes.

    Ports whose layout fits come first, then those without a wire, then the order of declaration.

    Args:
        session: the session.
        id: id of the item.
        offered: the ports that the wire can connect to, and whether the layouts fit; see `candidates`.
        without: a wire that is being moved and occupies no port.
    """
    document = session.document
    taken = {(wire.target, wire.target_port) for wire in document.graph.wires if wire != without}

    def rank(end: End) -> tuple[bool, bool, int]:
        ports = (output_ports if end.output else input_ports)(document.design, session.catalog, document.graph_name, id)
        used = not end.output and not ports[end.index].variadic and (id, canonical(ports, end.index)) in taken
        return not offered[end], used, end.index

    return min((end for end in offered if end.id == id), key=rank, default=None)


def connect(
    design: Design, wire: Wire, graph: str = "", *, variadic: bool = False, instead: Wire | None = None
) -> Design:
    """Add a wire, or replace another one, whose position among the arguments of a variadic port it takes.

    Args:
        design: the design.
        wire: the wire.
        graph: name of the graph.
        variadic: whether the input port takes several wires.
        instead: the wire to replace; None to add one.
    """
    if instead is None:
        return edits.connect(design, wire, graph=graph, variadic=variadic)
    before = design.graph(graph).wires
    if wire != instead and wire in before:
        return edits.disconnect(design, (instead,), graph=graph)
    moved = edits.connect(edits.disconnect(design, (instead,), graph=graph), wire, graph=graph, variadic=variadic)
    home = moved.graph(graph)
    # `edits.connect` appends; the arguments of a variadic port come in the order of the wires.
    rest = [w for w in home.wires if w != wire]
    index = sum(1 for w in before[: before.index(instead)] if w in rest)
    return moved.with_graph(graph, replace(home, wires=(*rest[:index], wire, *rest[index:])))


def can_splice(session: Session, node_id: str) -> bool:
    """Return whether an item is an unwired node with an input and an output, so that it can be dropped on a wire."""
    document, graph = session.document, session.document.graph
    if node_id not in graph.nodes or any(node_id in (wire.source, wire.target) for wire in graph.wires):
        return False
    ports = document.design, session.catalog, document.graph_name, node_id
    return bool(input_ports(*ports)) and bool(output_ports(*ports))
