"""Structural problems of a design, detected without torch: what is missing, unconnected or unknown."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from composer.core import names
from composer.core.blocks.block_file import Port
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.ports import input_ports, output_ports
from composer.core.errors import UserError
from composer.core.expressions import resolve_variables
from composer.core.graph import Design, Graph, Node, Wire
from composer.core.limits import nesting_problem
from composer.core.topology import find_cycle, format_cycle


@dataclass(frozen=True, slots=True)
class Problem:
    """One structural problem.

    Args:
        message: one sentence.
        node: id of the item that has it, or None for the design as a whole.
        graph: name of the sub-graph, empty for the main graph.
        level: ``error`` keeps the design from being built, ``warning`` does not.
    """

    message: str
    node: str | None = None
    graph: str = ""
    level: str = "error"


def check(design: Design, catalog: Catalog) -> list[Problem]:
    """Return all structural problems; if there is none, only shapes and values can still be wrong.

    Args:
        design: any design.
        catalog: the available blocks.
    """
    problems = list(_design_problems(design))
    used = design.nested_graphs()
    for name, graph in design.all_graphs():
        of_graph = check_graph(design, catalog, name, graph)
        # A sub-graph without an instance does not keep the design from being built.
        problems.extend(of_graph if name in used else (replace(problem, level="warning") for problem in of_graph))
    return problems


def _design_problems(design: Design) -> Iterator[Problem]:
    """Yield the problems of the design as a whole."""
    try:
        resolve_variables(design.variables)
    except UserError as error:
        yield Problem(str(error))
    if not design.main.inputs:
        yield Problem("the design has no input; add one, such as an image of 3 x 224 x 224")
    if not design.main.outputs:
        yield Problem("the design has no output; add one and wire the last node to it")
    contains = (
        (name, node.subgraph) for name, graph in design.graphs.items() for node in graph.nodes.values() if node.subgraph
    )
    if cycle := find_cycle(contains):
        yield Problem(f"sub-graphs contain each other: {format_cycle(cycle)}; a network must be finite", None, cycle[0])
    elif message := nesting_problem(design):
        yield Problem(message)


def check_graph(design: Design, catalog: Catalog, name: str, graph: Graph) -> list[Problem]:
    """Return the structural problems of one graph."""
    problems = [Problem(f"name {id!r} {reason}", id, name) for id in graph.ids() if (reason := names.problem(id))]
    if cycle := graph.cycle:
        problems.append(Problem(f"wires form a cycle: {format_cycle(cycle)}; remove one of them", cycle[0], name))
    problems.extend(
        Problem(problem, id, name) for id in graph.ids() if (problem := item_problem(design, catalog, name, graph, id))
    )
    if graph.outputs:
        live = graph.live_nodes()
        problems.extend(
            Problem(f"{id}: leads to no output; wire it on or remove it", id, name, "warning")
            for id in (*graph.nodes, *graph.inputs)
            if id not in live
        )
    return problems


def item_problem(design: Design, catalog: Catalog, name: str, graph: Graph, id: str) -> str | None:
    """Return the first structural problem of one item, as a sentence; None if there is none."""
    item = graph.item(id)
    if isinstance(item, Node) and (problem := _block_problem(design, catalog, item)):
        return problem
    ports = input_ports(design, catalog, name, id)
    wires = graph.in_wires(id)
    for wire in wires:
        if problem := _wire_problem(design, catalog, name, wire, ports):
            return f"{id}: wire '{wire}' {problem}"
    counts = Counter(wire.target_port or ports[0].name for wire in wires)
    for port in ports:
        if counts[port.name] > 1 and not port.variadic:
            wired = f"{counts[port.name]} wires end at port {port.name or 'in'}, which takes one"
            return f"{id}: {wired}; use Add or Concat to join them"
        if not counts[port.name] and not port.optional:
            input_name = f"input {port.name}" if port.name and len(ports) > 1 else "input"
            return f"{id}: {input_name} is not wired; draw a wire to it"
    return None


def _block_problem(design: Design, catalog: Catalog, node: Node) -> str | None:
    """Return why the block or sub-graph of a node cannot be used; None if it can."""
    if node.subgraph is None:
        if node.block in catalog:
            return None
        broken = (reason for path, reason in catalog.broken.items() if path.stem == names.snake(node.block))
        reason = next(broken, None)
        hint = f" ({reason})" if reason else "; check the spelling, or the folders of your custom blocks"
        return f"{node.id}: block {node.block!r} is unknown{hint}"
    if node.subgraph not in design.graphs:
        others = ", ".join(design.graphs) or "none"
        return f"{node.id}: sub-graph {node.subgraph!r} does not exist; the design has: {others}"
    exposed = design.graphs[node.subgraph].params
    if unknown := [key for key in node.params if key not in exposed]:
        others = ", ".join(exposed) or "none"
        return f"{node.id}: sub-graph {node.subgraph!r} exposes no parameter {unknown[0]!r}; it has: {others}"
    return None


def _wire_problem(design: Design, catalog: Catalog, name: str, wire: Wire, ports: tuple[Port, ...]) -> str | None:
    """Return what is wrong with an end of a wire, as the end of a sentence; None if nothing is.

    Args:
        design: the design.
        catalog: the available blocks.
        name: name of the graph that holds the wire.
        wire: the wire.
        ports: the input ports of its target.
    """
    graph = design.graph(name)
    if wire.source not in graph.inputs and wire.source not in graph.nodes:
        return f"starts at {wire.source!r}, which does not exist or has no output"
    if not ports:
        return f"ends at {wire.target!r}, which has no input"
    port_names = [port.name for port in ports]
    if wire.target_port and wire.target_port not in port_names:
        return f"ends at port {wire.target_port!r}, which does not exist; ports: {', '.join(port_names)}"
    if wire.source_port:
        output_names = [port.name for port in output_ports(design, catalog, name, wire.source)]
        if output_names and wire.source_port not in output_names:
            return f"starts at port {wire.source_port!r}, which does not exist; ports: {', '.join(output_names)}"
    return None
