"""Several wires at a port that takes one: keep one of them, or join them with a merge."""

from collections.abc import Iterator, Sequence

from composer.core import edits
from composer.core.blocks.ports import input_ports
from composer.core.blocks.roles import MERGE
from composer.core.facts import Repair
from composer.core.graph import Node, Wire
from composer.core.repairs import call
from composer.engine.repair.actions import new_id, reconnect
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext

# Horizontal distance in pixels between the node and the new merge before it.
DISTANCE = 120.0


@candidates(Stage.STATED, rank=40)
def surplus_wires(error: ErrorContext) -> Iterator[Repair]:
    """Yield each single wire, then each merge."""
    if not error.id:
        return
    ports = input_ports(error.design, error.inferrer.catalog, error.graph_name, error.id)
    for port in ports:
        wires = [wire for wire in error.wires if (wire.target_port or ports[0].name) == port.name]
        if len(wires) > 1 and not port.variadic:
            for wire in wires:
                yield reconnect(f"Keep only {wire}", [other for other in wires if other is not wire])
            for spec in error.inferrer.catalog.with_role(MERGE):
                yield _join(error, wires, spec.name)


def _join(error: ErrorContext, wires: Sequence[Wire], block: str) -> Repair:
    """Return the repair that puts a merge between several wires and their port."""
    id, target = new_id(error.graph, block), error.graph.item(error.id)
    x, y = target.position if target is not None else (0.0, 0.0)
    into_merge = [call(edits.connect, wire=Wire(wire.source, id, wire.source_port), variadic=True) for wire in wires]
    return Repair(
        f"Join the wires with {block}",
        (
            call(edits.disconnect, wires=list(wires)),
            call(edits.add, item=Node(id, block, position=(x - DISTANCE, y))),
            *into_merge,
            call(edits.connect, wire=Wire(id, error.id, "", wires[0].target_port)),
        ),
    )
