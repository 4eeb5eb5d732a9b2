"""Candidates at wires: missing ones, too many at one port, ports that do not exist; and blocks that do not exist."""

import difflib
from collections.abc import Iterator

from composer.core.blocks.ports import input_ports, output_ports
from composer.core.blocks.roles import MERGE, PROJECT_CHANNELS
from composer.core.facts import Repair
from composer.core.graph import SUBGRAPH, Graph, Input, Output, Wire
from composer.engine.repair.context import Case, cut, draw, insert, row, several
from composer.engine.repair.layout import between, block_with_role


def unknown_block(case: Case) -> Iterator[Repair]:
    """Blocks and sub-graphs whose name is near to the one that does not exist."""
    node = case.node
    if node is None:
        return
    if node.subgraph is not None and node.subgraph not in case.design.graphs:
        for name in difflib.get_close_matches(node.subgraph, list(case.design.graphs), 3, 0.5):
            yield Repair(f"Use {name}", "update", {"id": node.id, "changes": {"block": SUBGRAPH + name}})
    elif node.subgraph is None and case.spec is None:
        by_lower = {name.lower(): name for name in case.inferrer.catalog.blocks}
        for lower in difflib.get_close_matches(node.block.lower(), list(by_lower), 3, 0.5):
            yield Repair(f"Use {by_lower[lower]}", "update", {"id": node.id, "changes": {"block": by_lower[lower]}})


def ends(case: Case) -> Iterator[Repair]:
    """An input or an output for a design that has none."""
    if case.id:
        return
    graph = case.design.main
    loose = [id for id in graph.nodes if not any(wire.source == id for wire in graph.wires)]
    if not graph.outputs:
        for id in reversed(loose):
            yield Repair(f"Add an output after {id}", "add_output", {"source": id})
    if not graph.inputs:
        for id in graph.nodes:
            if not graph.in_wires(id):
                yield Repair(
                    f"Add an image of 3 x 224 x 224 before {id}", "add_input", {"target": id, "shape": (3, 224, 224)}
                )


def wires(case: Case) -> Iterator[Repair]:
    """Missing wires, wires to ports that do not exist, too many wires at one port."""
    catalog = case.inferrer.catalog
    ports = input_ports(case.design, catalog, case.graph_name, case.id) if case.id else ()
    known = [port.name for port in ports]
    arriving: dict[str, list[Wire]] = {}
    for wire in case.graph.in_wires(case.id):
        sources = [port.name for port in output_ports(case.design, catalog, case.graph_name, wire.source)]
        if wire.target_port and wire.target_port not in known:
            yield Repair(f"Remove wire {wire}", "disconnect", {"wires": [row(wire)]})
            for end in _alike(wire.target_port, known):
                yield several(
                    f"Move wire to {end}", cut(wire), draw(Wire(wire.source, wire.target, wire.source_port, end))
                )
        if wire.source_port and sources and wire.source_port not in sources:
            for start in _alike(wire.source_port, sources):
                yield several(
                    f"Take {wire.source}.{start}",
                    cut(wire),
                    draw(Wire(wire.source, wire.target, start, wire.target_port)),
                )
        arriving.setdefault(wire.target_port or (known[0] if known else ""), []).append(wire)
    yield from _lost(
        [wire for name, found in arriving.items() if name not in known for wire in found],
        [p for p in known if p not in arriving],
    )
    for port in ports:
        found = arriving.get(port.name, [])
        if len(found) > 1 and not port.variadic:
            yield from _too_many(case, found)
        if not found and not port.optional:
            yield from _missing(case, "" if port is ports[0] else port.name, known.index(port.name))


def _alike(name: str, names: list[str]) -> list[str]:
    """Names, those that are spelled most like one first."""
    return sorted(names, key=lambda other: -difflib.SequenceMatcher(None, name, other).ratio())


def _lost(wires: list[Wire], free: list[str]) -> Iterator[Repair]:
    """Several wires to ports that do not exist, as after a change of block: one moves to a port that is free, the others go."""
    if len(wires) < 2:
        return
    for wire in wires:
        for end in free:
            moved = Wire(wire.source, wire.target, wire.source_port, end)
            yield several(
                f"Move {wire} to {end} and remove the other wires to ports that do not exist", cut(*wires), draw(moved)
            )
    yield Repair("Remove the wires to ports that do not exist", "disconnect", {"wires": [row(wire) for wire in wires]})


def _too_many(case: Case, found: list[Wire]) -> Iterator[Repair]:
    for wire in found:
        others = [other for other in found if other is not wire]
        yield Repair(f"Keep only {wire}", "disconnect", {"wires": [row(other) for other in others]})
    for merge in case.inferrer.catalog.with_role(MERGE):
        arguments = {"wires": [row(wire) for wire in found], "block": merge.name}
        yield Repair(f"Join the wires with {merge.name}", "join", arguments)


def _missing(case: Case, port: str, index: int) -> Iterator[Repair]:
    candidates = [Wire(source, case.id, source_port, port) for source, source_port in _sources(case)]
    # A node that is gone leaves all that it fed without a wire: one source may serve them all.
    alike = [id for id in _unwired(case) if id != case.id]
    for wire in candidates:
        if alike:
            targets = [case.id, *alike]
            parts = [
                draw(Wire(wire.source, id, wire.source_port, port if id == case.id else ""))
                for id in targets
                if id != wire.source
            ]
            yield several(f"Wire {wire.source} to {', '.join(targets[:-1])} and {targets[-1]}", *parts)
    for wire in candidates:
        yield Repair(f"Wire {wire}", "connect", {"wire": row(wire)})
    axes: tuple[str, ...] = ()
    if case.spec is not None:
        axes = case.spec.shapes.inputs[min(index, len(case.spec.shapes.inputs) - 1)]
    for wire in candidates:
        value = case.value(wire)
        if value is None:
            continue
        for block in between(case, value.shape, axes):
            yield several(f"Wire {wire} through {block}", draw(wire), insert("", wire, block))
        project = block_with_role(case, PROJECT_CHANNELS)
        if len(value.shape) == 4 and len(axes) == 4 and not case.graph_name and project is not None:
            for width in _widths(case):
                if width != value.shape[1]:
                    narrow = insert("", wire, project, out_channels=width, kernel_size=1)
                    yield several(f"Wire {wire} through a 1x1 convolution to {width} channels", draw(wire), narrow)


def _widths(case: Case) -> list[int]:
    """Numbers of channels that the design has elsewhere, the commonest first."""
    seen = [value.shape[1] for value in case.result.values.values() if len(value.shape) == 4]
    written = [node.params.get("out_channels") for node in case.graph.nodes.values()]
    numbers = [
        value
        for value in (*written, *case.design.variables.values())
        if isinstance(value, int) and not isinstance(value, bool) and value > 0
    ]
    counts = [*seen, *numbers]
    return sorted(set(counts), key=lambda width: -counts.count(width))[:4]


def _unwired(case: Case) -> list[str]:
    """Items of the graph whose first input has no wire."""
    found = []
    for id in (*case.graph.nodes, *case.graph.outputs):
        ports = input_ports(case.design, case.inferrer.catalog, case.graph_name, id)
        first = ports[0] if ports else None
        if (
            first is not None
            and not first.optional
            and not any(wire.target_port in ("", first.name) for wire in case.graph.in_wires(id))
        ):
            found.append(id)
    return found


def _sources(case: Case) -> list[tuple[str, str]]:
    """Outputs that could feed the item without a cycle: those that nothing uses first, then the nearest above it."""
    below = _below(case.graph, case.id)
    order = [id for id in case.graph.order() if not isinstance(case.graph.item(id), Output | None)]
    used = {wire.source for wire in case.graph.wires}
    above = [id for id in order if id not in below]
    place = {id: index for index, id in enumerate(order)}
    # The drawing order says what came before the item, also where no wire does.
    drawn = list(case.graph.ids())
    at = drawn.index(case.id)
    above.sort(key=lambda id: (id in used, drawn.index(id) > at, isinstance(case.graph.item(id), Input), -place[id]))
    return [
        (id, "" if index == 0 else port.name)
        for id in above
        for index, port in enumerate(output_ports(case.design, case.inferrer.catalog, case.graph_name, id))
    ]


def _below(graph: Graph, id: str) -> set[str]:
    """The item and all that depends on it."""
    after: dict[str, list[str]] = {}
    for wire in graph.wires:
        after.setdefault(wire.source, []).append(wire.target)
    found, queue = {id}, [id]
    while queue:
        new = [target for target in after.get(queue.pop(), ()) if target not in found]
        found.update(new)
        queue.extend(new)
    return found
