"""A wire to or from a port that does not exist: remove it, or move it to another port."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from composer.core.blocks.ports import input_ports, output_ports
from composer.core.facts import Repair
from composer.engine.repair.actions import reconnect
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext


@candidates(Stage.STATED, rank=30)
def move_wire(error: ErrorContext) -> Iterator[Repair]:
    """Yield, for each such wire, its removal and moves to the ports with the most similar names."""
    catalog = error.inferrer.catalog
    inputs = input_port_names(error)
    for wire in error.wires:
        outputs = [port.name for port in output_ports(error.design, catalog, error.graph_name, wire.source)]
        if wire.target_port and wire.target_port not in inputs:
            yield reconnect(f"Remove wire {wire}", [wire])
            for port in _by_similarity(wire.target_port, inputs):
                yield reconnect(f"Move wire to {port}", [wire], [replace(wire, target_port=port)])
        if wire.source_port and outputs and wire.source_port not in outputs:
            for port in _by_similarity(wire.source_port, outputs):
                yield reconnect(f"Take {wire.source}.{port}", [wire], [replace(wire, source_port=port)])


@candidates(Stage.STATED, rank=31)
def remove_lost_wires(error: ErrorContext) -> Iterator[Repair]:
    """Yield, for several lost wires, as after a change of block: move one to a free port and remove the others."""
    inputs = input_port_names(error)
    lost = [wire for wire in error.wires if (wire.target_port or (inputs or [""])[0]) not in inputs]
    if len(lost) < 2:
        return
    wired = {wire.target_port or inputs[0] for wire in error.wires if inputs}
    for wire in lost:
        for port in inputs:
            if port not in wired:
                label = f"Move {wire} to {port} and remove the other wires to ports that do not exist"
                yield reconnect(label, lost, [replace(wire, target_port=port)])
    yield reconnect("Remove the wires to ports that do not exist", lost)


def input_port_names(error: ErrorContext) -> list[str]:
    """Return the names of the input ports of the item."""
    if not error.id:
        return []
    return [port.name for port in input_ports(error.design, error.inferrer.catalog, error.graph_name, error.id)]


def _by_similarity(name: str, names: Sequence[str]) -> list[str]:
    """Return names by their similarity to another name."""
    return sorted(names, key=lambda other: -difflib.SequenceMatcher(None, name, other).ratio())
