"""An input without a wire: wire it to an output, directly or through a block that makes the tensor fit."""

from collections.abc import Iterator

from composer.core import edits
from composer.core.blocks.ports import input_ports, output_ports
from composer.core.blocks.roles import PROJECT_CHANNELS
from composer.core.facts import Repair
from composer.core.graph import Input, Output, Wire
from composer.core.repairs import call
from composer.core.topology import reachable
from composer.engine.repair.actions import insert_edit, reconnect
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.layouts import block_with_role, converters_to_axes

MAX_WIDTHS = 4


@candidates(Stage.STATED, rank=41)
def missing_wires(error: ErrorContext) -> Iterator[Repair]:
    """Yield wires for each port that needs one and has none."""
    if not error.id:
        return
    ports = input_ports(error.design, error.inferrer.catalog, error.graph_name, error.id)
    for index, port in enumerate(ports):
        wired = any((wire.target_port or ports[0].name) == port.name for wire in error.wires)
        if not wired and not port.optional:
            yield from _wires_to(error, port.name if index else "", index)


def _wires_to(error: ErrorContext, port: str, index: int) -> Iterator[Repair]:
    """Yield wires to one port, then wires with a block on them."""
    wires = [Wire(source, error.id, source_port, port) for source, source_port in _sources(error)]

    # 1. A deleted node leaves everything that it fed without a wire: one source may serve them all.
    others = [id for id in _unwired_items(error) if id != error.id]
    if others:
        targets = [error.id, *others]
        for wire in wires:
            new = [
                Wire(wire.source, id, wire.source_port, port if id == error.id else "")
                for id in targets
                if id != wire.source
            ]
            yield reconnect(f"Wire {wire.source} to {', '.join(targets[:-1])} and {targets[-1]}", [], new)

    # 2. A wire alone.
    for wire in wires:
        yield reconnect(f"Wire {wire}", [], [wire])

    # 3. A wire through a block that converts the layout, or through a projection to a width that the design uses.
    axes: tuple[str, ...] = ()
    if error.spec is not None:
        axes = error.spec.shapes.inputs[min(index, len(error.spec.shapes.inputs) - 1)]
    project = block_with_role(error, PROJECT_CHANNELS)
    for wire in wires:
        value = error.value(wire)
        if value is None:
            continue
        for block in converters_to_axes(error, value.shape, axes):
            edit = insert_edit(error.graph, wire, block)
            yield Repair(f"Wire {wire} through {block}", (call(edits.connect, wire=wire), edit))
        if len(value.shape) == len(axes) == 4 and not error.graph_name and project is not None:
            for width in _widths(error):
                if width != value.shape[1]:
                    edit = insert_edit(error.graph, wire, project, out_channels=width, kernel_size=1)
                    label = f"Wire {wire} through a 1x1 convolution to {width} channels"
                    yield Repair(label, (call(edits.connect, wire=wire), edit))


def _widths(error: ErrorContext) -> list[int]:
    """Return numbers of channels that the design has elsewhere, the most frequent first."""
    computed = [value.shape[1] for value in error.result.values.values() if len(value.shape) == 4]
    written = [node.params.get("out_channels") for node in error.graph.nodes.values()]
    numbers = [
        value
        for value in (*written, *error.design.variables.values())
        if isinstance(value, int) and not isinstance(value, bool) and value > 0
    ]
    widths = [*computed, *numbers]
    return sorted(set(widths), key=lambda width: -widths.count(width))[:MAX_WIDTHS]


def _unwired_items(error: ErrorContext) -> list[str]:
    """Return the items of the graph whose first input needs a wire and has none."""
    ids = []
    for id in (*error.graph.nodes, *error.graph.outputs):
        ports = input_ports(error.design, error.inferrer.catalog, error.graph_name, id)
        if ports and not ports[0].optional:
            names = ("", ports[0].name)
            if not any(wire.target_port in names for wire in error.graph.in_wires(id)):
                ids.append(id)
    return ids


def _sources(error: ErrorContext) -> list[tuple[str, str]]:
    """Return the outputs that could feed the item without a cycle, as (id, port).

    Outputs that nothing uses come first, then those that the document lists before the item, then the nearest in
    topological order. The document's order is the only hint at what came before where no wire shows it.
    """
    graph = error.graph
    below = reachable([error.id], lambda id: (wire.target for wire in graph.out_wires(id)))
    order = [id for id in graph.order() if not isinstance(graph.item(id), Output | None)]
    used = {wire.source for wire in graph.wires}
    rank = {id: index for index, id in enumerate(order)}
    listed = list(graph.ids())
    own = listed.index(error.id)
    above = sorted(
        (id for id in order if id not in below),
        key=lambda id: (id in used, listed.index(id) > own, isinstance(graph.item(id), Input), -rank[id]),
    )
    return [
        (id, port.name if index else "")
        for id in above
        for index, port in enumerate(output_ports(error.design, error.inferrer.catalog, error.graph_name, id))
    ]
