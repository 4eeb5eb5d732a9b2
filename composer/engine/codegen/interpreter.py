"""Run a design node by node from its graph, without generated source: the independent side of `export --verify`.

Nothing else uses it: what is trained and exported is the generated source (`build`). A second implementation exists
only so that the two can be compared.
"""

from typing import Any

from torch import Tensor, nn

from composer.core.binding import PortKey, bound_wires, output_keys, source_key
from composer.core.blocks.catalog import Catalog
from composer.core.blocks.ports import input_ports, output_ports
from composer.core.graph import Design, Literal, Wire
from composer.engine import library
from composer.engine.inference.infer import Inference
from composer.engine.inference.results import GraphResult


class Interpreted(nn.Module):
    """One instance of a graph as a module whose state_dict has the paths of the generated model.

    Args:
        design: the design.
        result: the inferred instance.
        catalog: the available blocks.
    """

    def __init__(self, design: Design, result: GraphResult, catalog: Catalog) -> None:
        super().__init__()
        self.design = design
        self.result = result
        self.catalog = catalog
        live = result.graph.live_nodes()
        self.order = [id for id in result.graph.to_networkx() if id in live and id in result.nodes]
        for id in self.order:
            node = result.nodes[id].node
            iterations = [self._module(part, node.block) for part in result.nodes[id].iterations]
            self.add_module(id, nn.ModuleList(iterations) if node.repeat != 1 else iterations[0])

    def _module(self, part: dict[str, Literal] | GraphResult, block: str) -> nn.Module:
        """Make the module of one iteration of a node."""
        if isinstance(part, GraphResult):
            return Interpreted(self.design, part, self.catalog)
        return library.block_class(self.catalog[block])(**part)

    def forward(self, *tensors: Tensor) -> Any:
        """Run the nodes in topological order."""
        graph = self.result.graph
        values: dict[PortKey, Tensor] = {(id, ""): tensor for id, tensor in zip(graph.inputs, tensors, strict=True)}
        for id in self.order:
            arguments = self._arguments(id, values)
            module = self.get_submodule(id)
            outputs: tuple[Tensor, ...] = ()
            # The outputs of an iteration are the first inputs of the next; the other inputs stay.
            for layer in module if self.result.nodes[id].node.repeat != 1 else (module,):  # type: ignore[union-attr]
                result = layer(*arguments)
                outputs = result if isinstance(result, tuple) else (result,)
                arguments = [*outputs, *arguments[len(outputs) :]]
            ports = output_ports(self.design, self.catalog, self.result.name, id)
            values.update(zip(output_keys(id, [port.name for port in ports]), outputs, strict=True))
        last_wires = [graph.in_wires(id)[0] for id in graph.outputs]
        results = tuple(values[self._key(wire)] for wire in last_wires)
        return results if len(results) > 1 else results[0]

    def _arguments(self, id: str, values: dict[PortKey, Tensor]) -> list[Tensor | None]:
        """Return the arguments of a node; None for an optional port without a wire."""
        ports = input_ports(self.design, self.catalog, self.result.name, id)
        arguments: list[Tensor | None] = []
        for port, wires in bound_wires(self.result.graph, id, ports):
            arguments.extend([values[self._key(wire)] for wire in wires] or ([] if port.variadic else [None]))
        return arguments

    def _key(self, wire: Wire) -> PortKey:
        return source_key(self.design, self.catalog, self.result.name, wire)


def interpret(inference: Inference) -> nn.Module:
    """Return the main graph of an inference without errors as a module that walks it."""
    return Interpreted(inference.design, inference.root, inference.catalog)
