"""Shapes and costs of a design as plain values: the contract of `netcomposer summary --json`."""

from collections import Counter
from typing import Any

from composer.core import memory, roofline
from composer.core.device_profiles import DeviceProfile
from composer.core.facts import NodeFacts, Totals
from composer.core.graph import Design
from composer.engine.inference.infer import Inference, Inferrer
from composer.engine.inference.results import GraphResult


def summarize(design: Design, batch: int = 1, inferrer: Inferrer | None = None) -> dict[str, Any]:
    """Compute shapes and costs of a design.

    Args:
        design: any design; nodes with errors are in the result with their message.
        batch: size of the batch axis N.
        inferrer: its memo is used; a new one by default.

    Returns:
        ``{"name", "inputs", "nodes", "totals"}``. A node that uses a sub-graph holds the nodes of its first
        iteration under ``nodes``. A node that leads to no output is not built: the totals leave it out, and its
        ``counted`` is False.
    """
    return to_dict((inferrer or Inferrer()).infer(design, batch))


def to_dict(inference: Inference) -> dict[str, Any]:
    """Return an inference in the form of `summarize`."""
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
            **_costs(totals),
            "training_bytes": {
                name: memory.training_memory(totals, name).total for name in memory.compared(inference.design.training)
            },
            "uncounted": _uncounted(root),
        },
        "problems": [
            {"message": problem.message, "node": problem.node, "graph": problem.graph, "level": problem.level}
            for problem in inference.structural
        ],
    }


def _nodes(result: GraphResult) -> list[dict[str, Any]]:
    rows = []
    counted = result.graph.live_nodes()
    for id, node_result in result.nodes.items():
        row = {"id": id, **_facts(node_result.facts), "counted": id in counted}
        if len(node_result.iterations) > 1:
            row["repeat"] = len(node_result.iterations)
        inner = next((part for part in node_result.iterations if isinstance(part, GraphResult)), None)
        if inner is not None:
            row["nodes"] = _nodes(inner)
        rows.append(row)
    return rows


def _facts(facts: NodeFacts) -> dict[str, Any]:
    return {
        "block": facts.block,
        "outputs": [{"port": port.port, "shape": list(port.shape), "dtype": port.dtype} for port in facts.outputs],
        **_costs(facts),
        "error": facts.error if facts.error or not facts.waits_for else f"waits for {facts.waits_for}",
        "uncounted": dict(facts.uncounted),
    }


def _costs(facts: NodeFacts | Totals) -> dict[str, Any]:
    return {
        "params": facts.params,
        "params_trainable": facts.params_trainable,
        "params_frozen": memory.frozen(facts),
        "macs": facts.macs,
        "flops": facts.flops,
        "activation_bytes": facts.activation_bytes,
        "working_bytes": facts.working_bytes,
        "gradient_bytes": memory.gradient_bytes(facts),
        "optimizer_bytes": {name: memory.optimizer_bytes(facts, name) for name in memory.COMPARED},
        "moved_bytes": facts.moved_bytes,
        "arithmetic_intensity": round(roofline.intensity(facts), 3),
    }


def _uncounted(root: GraphResult) -> dict[str, int]:
    operations: Counter[str] = Counter()
    counted = root.graph.live_nodes()
    for id, result in root.nodes.items():
        if id in counted:
            operations.update(result.facts.uncounted)
    return dict(operations.most_common())


def roofline_dict(inference: Inference, device: DeviceProfile, precision: str = "fp32") -> dict[str, Any]:
    """Compute the least time of each node of the main graph on a device, and of the whole.

    Args:
        inference: of any design.
        device: a profile.
        precision: one of its peaks.

    Raises:
        composer.core.errors.UserError: if the device has no such precision.
    """
    rows = []
    counted = inference.root.graph.live_nodes()
    for id, node_result in inference.root.nodes.items():
        if id not in counted:
            continue
        part = roofline.estimate(node_result.facts, device, precision)
        rows.append({"id": id, "seconds": part.seconds, "bound": part.bound, "intensity": round(part.intensity, 3)})
    return {
        "device": device.title,
        "source": device.source,
        "precision": precision,
        "peak_flops": device.peaks[precision],
        "bandwidth": device.bandwidth,
        "ridge": round(roofline.ridge(device, precision), 3),
        "seconds": sum(row["seconds"] for row in rows),
        "nodes": rows,
    }
