"""Labels of nodes and shapes on wires, for all diagrams. Ids are identifiers, so that only labels need quoting."""

from composer.core.binding import source_key
from composer.core.graph import Node, Wire
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


def wire_shape(inference: Inference, wire: Wire) -> str:
    """Return the shape on a wire of the main graph, without the batch; empty where it is unknown."""
    tensor = inference.root.values.get(source_key(inference.design, inference.catalog, "", wire))
    return without_batch([tensor.shape]) if tensor is not None else ""
