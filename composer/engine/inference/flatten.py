"""The tree of results in the flat form that the window and the commands read."""

from collections.abc import Mapping
from typing import Any

from composer.core.facts import NodeFacts, PortSpec, Totals, summed
from composer.engine.inference.results import GraphResult


def flatten(root: GraphResult, problems: Mapping[tuple[str, str], str]) -> dict[str, NodeFacts]:
    """Facts by path: ``stage/conv`` is a node inside the use ``stage``; ``stage/1/conv`` one of its rounds where they differ.

    Args:
        root: the whole network.
        problems: structural problems by graph and id.
    """
    nodes: dict[str, NodeFacts] = {}

    def visit(result: GraphResult, prefix: str) -> None:
        for id in (*result.graph.inputs, *result.graph.outputs):
            value = result.values.get((id, ""))
            outputs = (PortSpec("", value.shape, value.dtype),) if value is not None else ()
            item_error = None
            if value is None and id in result.graph.inputs and not prefix:
                item_error = result.problem
            if value is None and id in result.graph.outputs:
                item_error = problems.get((result.name, id))
            nodes[prefix + id] = NodeFacts("", outputs=outputs, error=item_error)
        for id, found in result.nodes.items():
            nodes[prefix + id] = found.facts
            inner = [part for part in found.iterations if isinstance(part, GraphResult)]
            if not inner:
                continue
            broken = next((part for part in inner if part.problem is not None), None)
            visit(broken or inner[0], f"{prefix}{id}/")
            if len(inner) > 1 and any(_shapes(part) != _shapes(inner[0]) for part in inner):
                for index, part in enumerate(inner):
                    visit(part, f"{prefix}{id}/{index}/")

    visit(root, "")
    return nodes


def totals(root: GraphResult, working: int) -> Totals:
    """Costs of the whole network, without nodes that lead to no output.

    Args:
        root: the whole network.
        working: bytes that inference holds at once.
    """
    counted = root.graph.live_nodes()
    return Totals(**summed(found.facts for id, found in root.nodes.items() if id in counted), working_bytes=working)


def _shapes(result: GraphResult) -> list[Any]:
    return [(found.facts.outputs, found.facts.resolved, found.facts.error) for found in result.nodes.values()]
