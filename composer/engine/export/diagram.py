"""Labels of nodes and shapes on wires, for all diagrams. Ids are identifiers, so that only labels need quoting."""

from composer.core.graph import Node
from composer.engine.export.shapes import without_batch
from composer.engine.inference.infer import Inference


def label_lines(inference: Inference, id: str) -> list[str]:
    """Return the lines of the label of an item of the main graph: its id, and of a node its block and parameters."""
    item = inference.design.main.item(id)
    lines = [id]
    if isinstance(item, Node):
        result = inference.root.nodes[id]
        iterations = f" x{len(result.iterations)}" if len(result.iterations) > 1 else ""
        lines.append(item.block.removeprefix("graph:") + iterations)
        if result.facts.params:
            lines.append(f"{result.facts.params:,} params")
    return lines


def wire_shape(inference: Inference, source: str, port: str) -> str:
    """Return the shape on the wires of an output port, without the batch; empty where it is unknown."""
    tensor = inference.root.values.get((source, port)) or inference.root.values.get((source, ""))
    return without_batch([tensor.shape]) if tensor is not None else ""
