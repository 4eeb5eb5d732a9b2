"""The tree of results in the flat form that the window and the commands read."""

from collections.abc import Mapping
from typing import Any

from composer.core.facts import NodeFacts, PortSpec, Totals, summed
from composer.engine.inference.results import GraphResult


def flatten(root: GraphResult, problems: Mapping[tuple[str, str], str]) -> dict[str, NodeFacts]:
    """Return facts by path.

    ``stage/conv`` is a node inside the instance ``stage``; ``stage/1/conv`` is that node in one iteration, where
    iterations have different shapes.

    Args:
        root: results of the main graph.
        problems: structural problems by graph and id.
    """
    nodes: dict[str, NodeFacts] = {}

    def visit(result: GraphResult, prefix: str) -> None:
        for id in (*result.graph.inputs, *result.graph.outputs):
            nodes[prefix + id] = _end_facts(result, id, problems, is_main=not prefix)
        for id, node_result in result.nodes.items():
            nodes[prefix + id] = node_result.facts
            inner = [part for part in node_result.iterations if isinstance(part, GraphResult)]
            if not inner:
                continue
            # The instance as a whole shows its first iteration, or the one with an error.
            broken = next((part for part in inner if part.problem is not None), None)
            visit(broken or inner[0], f"{prefix}{id}/")
            if any(_shapes(part) != _shapes(inner[0]) for part in inner):
                for index, part in enumerate(inner):
                    visit(part, f"{prefix}{id}/{index}/")

    visit(root, "")
    return nodes


def totals(root: GraphResult, working: int) -> Totals:
    """Return the costs of the whole network; nodes that lead to no output are left out.

    Args:
        root: results of the main graph.
        working: peak memory of inference in bytes.
    """
    live = root.graph.live_nodes()
    built = (result.facts for id, result in root.nodes.items() if id in live)
    return Totals(**summed(built), working_bytes=working)


def _end_facts(result: GraphResult, id: str, problems: Mapping[tuple[str, str], str], *, is_main: bool) -> NodeFacts:
    """Return the facts of an input or output: its shape, or why there is none."""
    value = result.values.get((id, ""))
    if value is not None:
        return NodeFacts("", outputs=(PortSpec("", value.shape, value.dtype, value.layout),))
    if id in result.graph.outputs:
        return NodeFacts("", error=problems.get((result.name, id)))
    return NodeFacts("", error=result.problem if is_main else None)


def _shapes(result: GraphResult) -> list[Any]:
    """Return what may differ between the iterations of an instance."""
    return [(node.facts.outputs, node.facts.resolved, node.facts.error) for node in result.nodes.values()]
