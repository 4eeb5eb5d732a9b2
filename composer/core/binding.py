"""Which wire feeds which argument of an item, and the key of the tensor on a wire: for inference, code and interpreter
alike.
"""

from collections.abc import Sequence
from typing import TypeAlias

from composer.core.blocks.block_file import Port
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.ports import output_ports
from composer.core.graph import Design, Graph, Wire

# Id and output port of a tensor. The empty port name is the first port, so that each tensor has one key.
PortKey: TypeAlias = tuple[str, str]


def source_key(design: Design, catalog: Catalog, graph: str, wire: Wire) -> PortKey:
    """Return the key of the tensor on a wire.

    Args:
        design: the design.
        catalog: the available blocks.
        graph: name of the graph that holds the wire; empty for the main graph.
        wire: the wire, which may name the first port or leave its name empty.
    """
    if not wire.source_port or wire.source in design.graph(graph).inputs:
        return wire.source, ""
    ports = output_ports(design, catalog, graph, wire.source)
    return wire.source, "" if ports and ports[0].name == wire.source_port else wire.source_port


def output_keys(id: str, port_names: Sequence[str]) -> list[PortKey]:
    """Return the keys of the outputs of an item, in the order of its ports."""
    return [(id, name if index else "") for index, name in enumerate(port_names)]


def bound_wires(graph: Graph, id: str, ports: Sequence[Port]) -> list[tuple[Port, list[Wire]]]:
    """Return the wires that end at each input port of an item.

    Args:
        graph: the graph.
        id: the item.
        ports: its input ports, in the order of its arguments.

    Returns:
        Each port with its wires in their order: none for an optional port without a wire, several for a variadic one.
    """
    by_port: dict[str, list[Wire]] = {port.name: [] for port in ports}
    for wire in graph.in_wires(id):
        by_port[wire.target_port or ports[0].name].append(wire)
    return [(port, by_port[port.name]) for port in ports]
