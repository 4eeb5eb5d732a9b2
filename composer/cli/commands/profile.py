"""`netcomposer profile`."""

import json
from dataclasses import asdict
from typing import Annotated

from composer.cli.options import AsJson, BatchSize, DesignFile, DeviceName, Option, positive

BAR_WIDTH = 40


def run(
    design: DesignFile,
    *,
    device: DeviceName = "auto",
    batch: BatchSize = 1,
    depth: Annotated[
        int,
        Option("--depth", type=positive, metavar="N", help="2 also lists the nodes of sub-graphs, 3 those of theirs"),
    ] = 1,
    as_json: AsJson = False,
) -> int:
    """Measure time and memory of every node on a device."""
    from composer.core.files.design_file import load
    from composer.engine.analysis.profile import profile
    from composer.engine.device import choose

    result = profile(load(design), device=choose(device).name, batch=batch).to_depth(depth)
    if as_json:
        print(json.dumps(asdict(result), indent=2))
        return 0
    labels = ["  " * (row.depth - 1) + row.id.split("/")[-1] for row in result.nodes]
    width = max(map(len, ("whole", *labels)))
    for label, row in zip(labels, result.nodes, strict=True):
        bar = "#" * round(BAR_WIDTH * row.share)
        print(f"{label:<{width}}  {row.milliseconds:9.3f} ms  {row.share:6.1%}{_peak(row.peak_bytes)}  {bar}".rstrip())
    whole = f"{'whole':<{width}}  {result.milliseconds:9.3f} ms  {'':6}{_peak(result.peak_bytes)}"
    overhead = f"{result.overhead:+.3f} ms while nodes are measured"
    print(f"{whole}  forward, batch {result.batch}, on {result.device}; {overhead}")
    return 0


def _peak(size: int | None) -> str:
    return f"  {size / 2**20:10.1f} MiB" if size is not None else ""
