"""Structural problems of a design, found without torch: what is missing, left over or unknown."""

from dataclasses import dataclass, replace

from composer.core import names
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.ports import input_ports, output_ports
from composer.core.errors import UserError
from composer.core.expressions import resolve_variables
from composer.core.graph import Design, Graph, Node
from composer.core.topology import find_cycle, in_words


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Args:
        message: one sentence.
        node: id of the item it concerns, or None for the design as a whole.
        graph: name of the sub-graph, empty for the main graph.
        level: ``error`` keeps the design from being built, ``warning`` does not.
    """

    message: str
    node: str | None = None
    graph: str = ""
    level: str = "error"


def check(design: Design, catalog: Catalog) -> list[Problem]:
    """All structural problems; an empty list means that only shapes and values can still be wrong.

    Args:
        design: any design.
        catalog: the known blocks.
    """
    problems: list[Problem] = []
    try:
        resolve_variables(design.variables)
    except UserError as error:
        problems.append(Problem(str(error)))
    if not design.main.inputs:
        problems.append(Problem("the design has no input; add one, such as an image of 3 x 224 x 224"))
    if not design.main.outputs:
        problems.append(Problem("the design has no output; add one and wire the last node to it"))
    uses = (
        (name, node.subgraph) for name, graph in design.graphs.items() for node in graph.nodes.values() if node.subgraph
    )
    if circle := find_cycle(uses):
        message = f"sub-graphs contain each other in a circle: {in_words(circle)}; a network must be finite"
        problems.append(Problem(message, None, circle[0]))
    used = used_graphs(design)
    for name, graph in design.all_graphs():
        found = check_graph(design, catalog, name, graph)
        # What nothing uses keeps nothing from being built.
        problems.extend(found if name in used else (replace(problem, level="warning") for problem in found))
    return problems


def used_graphs(design: Design) -> set[str]:
    """Names of the graphs that the main graph reaches, its own (the empty name) among them."""
    found = {""}
    queue = [""]
    while queue:
        new = {
            node.subgraph for node in design.graph(queue.pop()).nodes.values() if node.subgraph in design.graphs
        } - found
        found |= {name for name in new if name}
        queue.extend(name for name in new if name)
    return found


def check_graph(design: Design, catalog: Catalog, name: str, graph: Graph) -> list[Problem]:
    """Structural problems of one graph."""
    problems = [Problem(f"name {id!r} {reason}", id, name) for id in graph.ids() if (reason := names.problem(id))]
    if circle := graph.cycle:
        problems.append(Problem(f"wires form a cycle: {in_words(circle)}; remove one of them", circle[0], name))
    problems.extend(
        Problem(problem, id, name) for id in graph.ids() if (problem := item_problem(design, catalog, name, graph, id))
    )
    reached = graph.live_nodes()
    if graph.outputs:
        loose = (id for id in (*graph.nodes, *graph.inputs) if id not in reached)
        problems.extend(
            Problem(f"{id}: leads to no output; wire it on or remove it", id, name, "warning") for id in loose
        )
    return problems


def item_problem(design: Design, catalog: Catalog, name: str, graph: Graph, id: str) -> str | None:
    """The first structural problem of one item, as a sentence; None if there is none."""
    item = graph.item(id)
    if isinstance(item, Node):
        if item.subgraph is not None:
            if item.subgraph not in design.graphs:
                return f"{id}: sub-graph {item.subgraph!r} does not exist; known: {', '.join(design.graphs) or 'none'}"
            unknown = [key for key in item.params if key not in design.graphs[item.subgraph].params]
            if unknown:
                known = ", ".join(design.graphs[item.subgraph].params) or "none"
                return f"{id}: sub-graph {item.subgraph!r} exposes no parameter {unknown[0]!r}; it has: {known}"
        elif item.block not in catalog:
            broken = next(
                (reason for path, reason in catalog.broken.items() if path.stem == names.snake(item.block)), None
            )
            return f"{id}: block {item.block!r} is unknown" + (
                f" ({broken})" if broken else "; is it misspelled, or a block of your own?"
            )
    ports = input_ports(design, catalog, name, id)
    known_ports = {port.name for port in ports}
    arriving = dict.fromkeys(known_ports, 0)
    for wire in graph.in_wires(id):
        if wire.source not in graph.inputs and wire.source not in graph.nodes:
            return f"{id}: wire '{wire}' begins at {wire.source!r}, which does not exist or has no output"
        if not ports:
            return f"{id}: wire '{wire}' ends at {id!r}, which has no input"
        end = wire.target_port or ports[0].name
        if wire.target_port and wire.target_port not in known_ports:
            return f"{id}: wire '{wire}' ends at port {wire.target_port!r}, which does not exist; ports: {', '.join(known_ports) or 'none'}"
        if wire.source_port:
            source_ports = {port.name for port in output_ports(design, catalog, name, wire.source)}
            if source_ports and wire.source_port not in source_ports:
                known = ", ".join(sorted(source_ports))
                return f"{id}: wire '{wire}' begins at port {wire.source_port!r}, which does not exist; ports: {known}"
        arriving[end] += 1
    for port in ports:
        if arriving[port.name] > 1 and not port.variadic:
            return f"{id}: {arriving[port.name]} wires end at port {port.name or 'in'}, which takes one; use Add or Concat to join them"
        if not arriving[port.name] and not port.optional:
            what = f"input {port.name}" if port.name and len(ports) > 1 else "input"
            return f"{id}: {what} is not wired; draw a wire to it"
    return None
