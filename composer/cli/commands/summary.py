"""`netcomposer summary`."""

import json
from typing import Annotated, Any

from composer.cli import PROBLEMS
from composer.cli.options import AsJson, BatchSize, DesignFile, Option
from composer.core.device_profiles import PROFILES
from composer.core.graph import Design

BAR_WIDTH = 40
PRECISIONS = ("fp32", "tf32", "bf16", "fp16")


def run(
    design: DesignFile,
    *,
    batch: BatchSize = 1,
    as_json: AsJson = False,
    layers: Annotated[bool, Option("--layers", help="print the layers of the built model, inside blocks too")] = False,
    decay: Annotated[bool, Option("--decay", help="list weight decay and learning rate of each parameter")] = False,
    roofline: Annotated[
        str | None, Option("--roofline", metavar="DEVICE", help=f"least time on a device: this, {', '.join(PROFILES)}")
    ] = None,
    precision: Annotated[str, Option("--precision", choices=PRECISIONS, help="number format of the roofline")] = "fp32",
) -> int:
    """Print shapes and costs."""
    from composer.core.files.design_file import load
    from composer.engine.analysis.summary import to_dict
    from composer.engine.inference.infer import Inferrer

    loaded = load(design)
    if layers:
        from composer.engine.analysis.layers import layer_table

        print(layer_table(loaded, batch))
        return 0
    if decay:
        print(_decay_table(loaded))
        return 0
    inference = Inferrer.with_disk_cache().infer(loaded, batch)
    data = to_dict(inference)
    if roofline:
        data["roofline"] = _roofline(inference, roofline, precision)
    if as_json:
        print(json.dumps(data, indent=2))
    else:
        _print_summary(data, batch)
        if roofline:
            _print_roofline(data["roofline"])
    return PROBLEMS if inference.errors else 0


def _decay_table(design: Design) -> str:
    """Return how each parameter is trained: weight decay, factor of the learning rate, or frozen."""
    from composer.engine.codegen.build import build
    from composer.engine.library import catalog
    from composer.engine.training.optimization.freezing import freeze
    from composer.engine.training.optimization.parameter_groups import group_table, parameter_rows

    network = build(design, device="meta")
    freeze(network, design.training.freeze)
    rows = parameter_rows(network, design.training, design, catalog())
    return group_table(network, rows, design.training)


def _roofline(inference: Any, device: str, precision: str) -> dict[str, Any]:
    """Estimate the least time on a device profile; devices of this machine are measured first."""
    from composer.core.roofline import find
    from composer.engine.analysis.summary import roofline_dict

    if device in ("this", "cpu", "cuda", "mps"):
        from composer.engine.analysis.device_benchmark import measure_profile

        profile = measure_profile("auto" if device == "this" else device)
    else:
        profile = find(device)
    return roofline_dict(inference, profile, precision)


def _print_roofline(data: dict[str, Any]) -> None:
    """Print the least time of each node, with a bar of its share."""
    from composer.core.units import short_time

    print(f"\nat least {short_time(data['seconds'])} on {data['device']}, {data['precision']}, forward pass:")
    width = max((len(row["id"]) for row in data["nodes"]), default=4)
    for row in data["nodes"]:
        share = row["seconds"] / data["seconds"] if data["seconds"] else 0.0
        figures = f"{short_time(row['seconds']):>9}  {row['bound']:<7}  {row['intensity']:8.1f} FLOPs/byte"
        print(f"{row['id']:<{width}}  {figures}  {'#' * round(BAR_WIDTH * share)}".rstrip())
    peak, bandwidth = data["peak_flops"] / 1e12, data["bandwidth"] / 1e9
    print(f"{peak:.3g} TFLOP/s, {bandwidth:.4g} GB/s, ridge at {data['ridge']:.1f} FLOPs/byte; {data['source']}")
    print("the larger of arithmetic at peak and bytes at full bandwidth; launches and imperfect kernels come on top")


def _print_summary(data: dict[str, Any], batch: int) -> None:
    """Print one row a node, the totals, and what training and inference need."""
    from composer.core.text_table import align
    from composer.core.units import memory

    rows = [("node", "block", "output", "params", "MACs", "activations")]

    def visit(nodes: list[dict[str, Any]], indent: str) -> None:
        for node in nodes:
            shape = " ".join("x".join(str(size) for size in port["shape"]) for port in node["outputs"]) or (
                node["error"] or ""
            )
            times = f" x{node['repeat']}" if "repeat" in node else ""
            costs = (f"{node['params']:,}", f"{node['macs']:,}", f"{node['activation_bytes']:,} B")
            mark = "" if node["counted"] else " *"
            rows.append((indent + node["id"] + mark, node["block"] + times, shape, *costs))
            visit(node.get("nodes", []), indent + "  ")

    visit(data["nodes"], "")
    totals = data["totals"]
    rows.append(("total", "", "", f"{totals['params']:,}", f"{totals['macs']:,}", f"{totals['activation_bytes']:,} B"))
    print("\n".join(align(rows, right={3, 4, 5})))
    if any(row[0].endswith(" *") for row in rows):
        print("* leads to no output: neither built nor part of the total")
    inputs = ", ".join(f"{item['id']} {'x'.join(str(size) for size in item['shape'])}" for item in data["inputs"])
    training = ", ".join(f"{memory(size)} with {name}" for name, size in totals["training_bytes"].items())
    frozen = f"; {totals['params_frozen']:,} parameters are frozen" if totals["params_frozen"] else ""
    print(f"\na training step needs {training} (weights, gradients, optimizer, activations){frozen}")
    working = f"{memory(totals['working_bytes'])} besides the weights"
    print(f"inference needs {working}; {totals['arithmetic_intensity']:.1f} FLOPs per byte moved")
    if totals["uncounted"]:
        print(f"not counted as MACs: {', '.join(f'{name} x{times}' for name, times in totals['uncounted'].items())}")
    print(f"inputs: {inputs}; batch {batch}; 1 MAC = 1 multiply-add = 2 FLOPs ({totals['flops']:,} FLOPs)")
