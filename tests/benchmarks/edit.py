"""Facts after one parameter edit in a design of 300 nodes, against a bare meta forward of the nodes that the edit
reaches.
"""

import itertools
import time
from typing import Any

import torch

from composer.core import edits
from composer.core.graph import Design
from composer.engine import library
from composer.engine.inference.infer import Inferrer
from tests.benchmarks import designs
from tests.benchmarks.measure import Row, compare


def modules(inferrer: Inferrer, design: Design, ids: list[str]) -> list[tuple[Any, tuple[int, ...]]]:
    """Class, parameters and input shape of nodes."""
    result = inferrer.infer(design).root
    jobs = []
    for id in ids:
        source = design.main.in_wires(id)[0].source
        cls = library.block_class(inferrer.catalog[design.main.nodes[id].block])
        jobs.append((cls, dict(result.nodes[id].iterations[0]), result.values[source, ""].shape))  # type: ignore[arg-type]
    return jobs


def bare(jobs: list[Any]) -> None:
    """The unavoidable work: build the modules on meta and run each on its input."""
    for cls, params, shape in jobs:
        with torch.device("meta"):
            module = cls(**params)
        module(torch.empty(shape, device="meta"))


def edit_row(
    name: str,
    design: Design,
    node: str,
    param: str,
    values: Any,
    reached: list[str],
    rounds: int,
    target: float | None = 2.0,
) -> Row:
    inferrer = Inferrer()
    inferrer.infer(design)
    steps = iter(values)
    jobs = modules(inferrer, edits.set_params(design, node, {param: next(steps)}), reached)

    def ours() -> float:
        edited = edits.set_params(design, node, {param: next(steps)})
        start = time.perf_counter()
        inferrer.infer(edited)
        return time.perf_counter() - start

    def reference() -> None:
        bare(jobs)

    def nothing() -> None:
        inferrer.infer(design)

    inferrer.infer(design)
    walk = compare("", nothing, nothing, rounds=5).ours
    return compare(
        name,
        ours,
        reference,
        rounds=rounds,
        target=target,
        note=f"{len(reached)} of {len(design.main.nodes)} nodes reached; walk {walk:.1f} ms",
    )


def run() -> list[Row]:
    """Edit one node whose output shape does not change, and one whose width changes half of the network."""
    mobile = designs.mobile(300)
    ratios = (3.0 + step / 64 for step in itertools.count())
    widths = itertools.cycle(range(33, 300))
    after = [id for id in mobile.main.nodes if id == "head" or (id.startswith("conv_") and int(id[5:]) in (150, 151))]
    mixed = designs.mixed(300)
    layers = (2.0 + step / 64 for step in itertools.count())
    return [
        edit_row("edit of one MBConv, same shapes", mobile, "conv_150", "expand_ratio", ratios, ["conv_150"], 15),
        edit_row("edit of one MBConv, new width", mobile, "conv_150", "out_channels", widths, after[:2], 15),
        edit_row("edit of one encoder layer", mixed, "layer_100", "mlp_ratio", layers, ["layer_100"], 15),
    ]
