"""A design run node by node from its graph, without generated source: the independent side of `export --verify`.

Nothing else uses it: what is trained and exported is the generated source (`build`). Two roads from the drawing to numbers exist
only so that one can be held against the other.
"""

from typing import Any

from torch import Tensor, nn

from composer.core.blocks.catalog import Catalog
from composer.core.blocks.ports import input_ports, output_ports
from composer.core.graph import Design
from composer.engine import library
from composer.engine.inference.infer import Inference
from composer.engine.inference.results import GraphResult


class Interpreted(nn.Module):
    """One use of a graph as a module whose state_dict has the paths of the generated model.

    Args:
        design: the design.
        result: the inferred use.
        catalog: the known blocks.
    """

    def __init__(self, design: Design, result: GraphResult, catalog: Catalog) -> None:
        super().__init__()
        self.design = design
        self.result = result
        self.catalog = catalog
        used = result.graph.live_nodes()
        self.order = [id for id in result.graph.to_networkx() if id in used]
        for id in self.order:
            if id not in result.nodes:
                continue
            node = result.nodes[id].node
            rounds = [self._round(part, node.block) for part in result.nodes[id].iterations]
            self.add_module(id, nn.ModuleList(rounds) if node.repeat != 1 else rounds[0])

    def _round(self, part: Any, block: str) -> nn.Module:
        if isinstance(part, GraphResult):
            return Interpreted(self.design, part, self.catalog)
        return library.block_class(self.catalog[block])(**part)

    def forward(self, *tensors: Tensor) -> Any:
        """Walk the graph in topological order."""
        graph, name = self.result.graph, self.result.name
        values: dict[tuple[str, str], Tensor] = {
            (id, ""): tensor for id, tensor in zip(graph.inputs, tensors, strict=True)
        }
        for id in self.order:
            if id not in self.result.nodes:
                continue
            ports = input_ports(self.design, self.catalog, name, id)
            arriving: dict[str, list[Tensor]] = {port.name: [] for port in ports}
            for wire in graph.in_wires(id):
                arriving[wire.target_port or ports[0].name].append(values[wire.source, wire.source_port])
            arguments: list[Tensor | None] = []
            for port in ports:
                arguments.extend(arriving[port.name] or ([] if port.variadic else [None]))
            module = self.get_submodule(id)
            outputs: tuple[Tensor, ...] = ()
            for layer in module if self.result.nodes[id].node.repeat != 1 else (module,):  # type: ignore[union-attr]
                found = layer(*arguments)
                outputs = found if isinstance(found, tuple) else (found,)
                arguments = [*outputs, *arguments[len(outputs) :]]
            for index, (port, tensor) in enumerate(
                zip(output_ports(self.design, self.catalog, name, id), outputs, strict=True)
            ):
                values[id, port.name] = tensor
                if index == 0:
                    values[id, ""] = tensor
        ends = [graph.in_wires(id)[0] for id in graph.outputs]
        result = tuple(values[wire.source, wire.source_port] for wire in ends)
        return result if len(result) > 1 else result[0]


def interpret(inference: Inference) -> nn.Module:
    """Return the main graph of an inference without errors as a module that walks it."""
    return Interpreted(inference.design, inference.root, inference.catalog)
