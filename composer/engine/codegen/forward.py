"""The forward lines of one node, and the local variables that hold its outputs."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from composer.core import names
from composer.core.binding import PortKey, bound_wires
from composer.core.blocks.block_file import Port
from composer.core.graph import Graph, Node
from composer.engine.codegen.constructor import is_repeated

# Local variable by node id and output port; the empty port name is the first port.
Locals: TypeAlias = Mapping[PortKey, str]

# pycodestyle E741: as names of variables they read as 1 and 0.
_LIKE_DIGITS = {"l", "O", "I"}


def local_names(graph: Graph, ports: Mapping[str, Sequence[Port]]) -> Locals:
    """Return the local variable of each output port: the node's id if it has one output, else ``id_port``.

    Args:
        graph: the graph.
        ports: output ports by id, of inputs and nodes.
    """
    variables: dict[tuple[str, str], str] = {}
    taken = set(graph.ids())
    for id in (*graph.inputs, *graph.nodes):
        for index, port in enumerate(ports[id]):
            name = id
            if len(ports[id]) > 1 or (id in _LIKE_DIGITS and id in graph.nodes):
                name = names.fresh(f"{id}_{port.name}", taken)
                taken.add(name)
            variables[id, port.name] = name
            if index == 0:
                variables[id, ""] = name
    return variables


def is_sequential(graph: Graph, node: Node, inputs: Sequence[Port], outputs: Sequence[Port]) -> bool:
    """Return whether iterations can be called one after the other with nothing but the output of the one before.

    Args:
        graph: the graph.
        node: the node.
        inputs: its input ports; an optional one without a wire has no argument.
        outputs: its output ports.
    """
    wired = [port for port, wires in bound_wires(graph, node.id, inputs) if wires or not port.optional]
    return len(wired) == len(outputs) == 1 and wired[0] is inputs[0] and not wired[0].variadic


def forward_lines(
    graph: Graph, node: Node, inputs: Sequence[Port], outputs: Sequence[Port], variables: Locals
) -> list[str]:
    """Return the statements that call the module of a node.

    Args:
        graph: the graph.
        node: the node.
        inputs: its input ports.
        outputs: its output ports.
        variables: local variables of the graph.
    """
    arguments = _call_arguments(graph, node, inputs, variables)
    results = [variables[node.id, port.name] for port in outputs]
    target = ", ".join(results)
    if not is_repeated(node) or is_sequential(graph, node, inputs, outputs):
        return [f"{target} = self.{node.id}({', '.join(arguments)})"]
    if len(results) > len(arguments):
        # There is one iteration: otherwise its outputs could not be the inputs of the next one.
        return [f"{target} = self.{node.id}[0]({', '.join(arguments)})"]
    # The outputs of an iteration are the first inputs of the next; the other inputs stay.
    start = [f"{result} = {argument}" for result, argument in zip(results, arguments, strict=False)]
    layer = "layer"
    while layer in graph.inputs or layer in variables.values():
        layer += "_"
    call = f"    {target} = {layer}({', '.join([*results, *arguments[len(results) :]])})"
    return [*start, f"for {layer} in self.{node.id}:", call]


def _call_arguments(graph: Graph, node: Node, ports: Sequence[Port], variables: Locals) -> list[str]:
    """Return the arguments of a call; those after a port without a wire are named."""
    arguments: list[str] = []
    gap = False
    for port, wires in bound_wires(graph, node.id, ports):
        sources = [variables[wire.source, wire.source_port] for wire in wires]
        if not sources:
            gap = True
        elif gap:
            arguments.append(f"{port.name}={sources[0]}")
        else:
            arguments.extend(sources)
    return arguments
