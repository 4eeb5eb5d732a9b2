"""What is known of a design as plain values: the contract of `netcomposer summary --json`."""

from typing import Any

from composer.core.facts import NodeFacts
from composer.core.graph import Design
from composer.engine.infer import GraphResult, Inference, Inferrer


def summarize(design: Design, batch: int = 1, inferrer: Inferrer | None = None) -> dict[str, Any]:
    """Shapes and costs of a design.

    Args:
        design: any design; nodes with errors are in the result with their sentence.
        batch: size of the batch axis N.
        inferrer: keeps its memo between calls; a new one by default.

    Returns:
        ``{"name", "inputs", "nodes", "totals"}``; a node that uses a sub-graph holds those of its first round under ``nodes``.
    """
    return to_dict((inferrer or Inferrer()).infer(design, batch))


def to_dict(inference: Inference) -> dict[str, Any]:
    """An inference in the form of `summarize`."""
    totals = inference.facts.totals
    root = inference.root
    return {
        "name": inference.design.name,
        "inputs": [
            {"id": item.id, "shape": list(value.shape), "dtype": value.dtype}
            for item in inference.design.main.inputs.values()
            if (value := root.values.get((item.id, "")))
        ],
        "nodes": _nodes(root),
        "totals": {
            "params": totals.params,
            "params_trainable": totals.params_trainable,
            "macs": totals.macs,
            "flops": totals.flops,
            "activation_bytes": totals.activation_bytes,
        },
        "problems": [
            {"message": problem.message, "node": problem.node, "graph": problem.graph, "level": problem.level}
            for problem in inference.structural
        ],
    }


def _nodes(result: GraphResult) -> list[dict[str, Any]]:
    rows = []
    for id, found in result.nodes.items():
        row = {"id": id, **_facts(found.facts)}
        if len(found.rounds) > 1:
            row["repeat"] = len(found.rounds)
        inner = next((part for part in found.rounds if isinstance(part, GraphResult)), None)
        if inner is not None:
            row["nodes"] = _nodes(inner)
        rows.append(row)
    return rows


def _facts(facts: NodeFacts) -> dict[str, Any]:
    return {
        "block": facts.block,
        "outputs": [{"port": port.port, "shape": list(port.shape), "dtype": port.dtype} for port in facts.outputs],
        "params": facts.params,
        "macs": facts.macs,
        "activation_bytes": facts.activation_bytes,
        "error": facts.error if facts.error or not facts.waits_for else f"waits for {facts.waits_for}",
        "uncounted": dict(facts.uncounted),
    }
