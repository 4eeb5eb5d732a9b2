"""What a wire in the making may join: pure questions to the design, asked once when the drag starts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from composer.core import edits
from composer.core.blocks.ports import canonical, declared_kind, fits, input_ports, kind, output_ports
from composer.core.graph import Design, Node, Wire
from composer.gui.canvas.items.content import output_shape
from composer.gui.session.session import Session


@dataclass(frozen=True, slots=True)
class End:
    """One port: the item, whether it is an output, and its place among the ports of its side."""

    id: str
    output: bool
    index: int


def kind_at(session: Session, end: End) -> str:
    """The layout at a port: that of the tensor, where it is known, else what the block declares."""
    item = session.document.graph.item(end.id)
    if end.output:
        shape = output_shape(session.document.graph, end.id, end.index, session.facts_for(end.id))
        if shape is not None:
            return kind(shape)
    spec = session.catalog.get(item.block) if isinstance(item, Node) else None
    return declared_kind(spec, end.index, output=end.output) if spec is not None else "any"


def wire_between(session: Session, one: End, other: End) -> Wire:
    """The wire that joins an output and an input, given in either order."""
    source, target = (one, other) if one.output else (other, one)
    outs = output_ports(session.document.design, session.catalog, session.document.graph_name, source.id)
    ins = input_ports(session.document.design, session.catalog, session.document.graph_name, target.id)
    return Wire(source.id, target.id, canonical(outs, source.index), canonical(ins, target.index))


def candidates(session: Session, fixed: End, without: Wire | None = None) -> Iterator[tuple[End, bool]]:
    """Ports at which a wire from a fixed end may arrive without closing a cycle, and whether their layout fits.

    Args:
        session: the session.
        fixed: the end that stays.
        without: a wire that is being moved and does not count.
    """
    import networkx as nx  # not before it is needed: importing it takes a tenth of a second

    graph = session.document.graph
    topology = graph.to_networkx()
    if without is not None:
        topology = nx.MultiDiGraph(topology)
        parallel = topology[without.source][without.target]
        topology.remove_edge(
            without.source, without.target, next(key for key, data in parallel.items() if data["wire"] == without)
        )
    barred = {fixed.id} | (nx.ancestors(topology, fixed.id) if fixed.output else nx.descendants(topology, fixed.id))
    given = kind_at(session, fixed)
    for id in graph.ids():
        if id in barred:
            continue
        ports = (input_ports if fixed.output else output_ports)(
            session.document.design, session.catalog, session.document.graph_name, id
        )
        for index in range(len(ports)):
            end = End(id, not fixed.output, index)
            yield end, fits(given, kind_at(session, end)) if fixed.output else fits(kind_at(session, end), given)


def best_port(session: Session, id: str, offered: dict[End, bool], without: Wire | None = None) -> End | None:
    """The port that a wire dropped on the body of an item takes: fitting before not fitting, free before taken."""
    taken = {(wire.target, wire.target_port) for wire in session.document.graph.wires if wire != without}

    def rank(end: End) -> tuple[bool, bool, int]:
        ports = (output_ports if end.output else input_ports)(
            session.document.design, session.catalog, session.document.graph_name, id
        )
        used = not end.output and not ports[end.index].variadic and (id, canonical(ports, end.index)) in taken
        return not offered[end], used, end.index

    return min((end for end in offered if end.id == id), key=rank, default=None)


def wired(
    design: Design, wire: Wire, graph: str = "", *, variadic: bool = False, instead: Wire | None = None
) -> Design:
    """Add a wire, or lead a wire elsewhere, which keeps its place among the arguments of a variadic port."""
    if instead is None:
        return edits.connect(design, wire, graph, variadic=variadic)
    before = design.graph(graph).wires
    if wire != instead and wire in before:
        return edits.disconnect(design, (instead,), graph)
    moved = edits.connect(edits.disconnect(design, (instead,), graph), wire, graph, variadic=variadic)
    home = moved.graph(graph)
    rest = [w for w in home.wires if w != wire]
    place = sum(1 for w in before[: before.index(instead)] if w in rest)
    return moved.with_graph(graph, replace(home, wires=(*rest[:place], wire, *rest[place:])))


def can_splice(session: Session, node_id: str) -> bool:
    """Whether an item is a node with an input and an output and no wires, so that dropping it on a wire has one meaning."""
    graph = session.document.graph
    if node_id not in graph.nodes or any(node_id in (wire.source, wire.target) for wire in graph.wires):
        return False
    ports = session.document.design, session.catalog, session.document.graph_name, node_id
    return bool(input_ports(*ports)) and bool(output_ports(*ports))
