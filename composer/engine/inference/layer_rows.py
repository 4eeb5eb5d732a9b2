"""The layer table of exported source and exported tables: one row for each node of the main graph, and the totals."""

from collections.abc import Sequence
from dataclasses import dataclass

from composer.engine.inference.infer import Inference

COLUMNS = ("node", "block", "output", "params", "MACs")


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer.

    Args:
        id: node id; ``total`` for the totals.
        block: name of the block or sub-graph, with ``x3`` for three iterations.
        shapes: shapes of the outputs, with the batch.
        params: number of parameters.
        macs: multiply-adds of one sample.
        live: whether the node leads to an output, so that it is built and counted.
    """

    id: str
    block: str
    shapes: Sequence[Sequence[int]]
    params: int
    macs: int
    live: bool = True

    def cells(self, output: str) -> tuple[str, str, str, str, str]:
        """Return the texts of `COLUMNS`, with the outputs as a caller writes them."""
        return self.id, self.block, output, f"{self.params:,}", f"{self.macs:,}"


def layer_rows(inference: Inference) -> list[LayerRow]:
    """Return the nodes of the main graph in topological order, then the totals."""
    batch, totals = inference.facts.batch, inference.facts.totals
    live = inference.design.main.live_nodes()
    rows = []
    for id, result in inference.root.nodes.items():
        facts = result.facts
        iterations = f" x{len(result.iterations)}" if len(result.iterations) > 1 else ""
        block = result.node.block.removeprefix("graph:") + iterations
        shapes = [port.shape for port in facts.outputs]
        rows.append(LayerRow(id, block, shapes, facts.params, facts.macs // batch, id in live))
    return [*rows, LayerRow("total", "", (), totals.params, totals.macs // batch)]
