"""How costs grow: nodes from 500 to 5,000, and parameters to 10^10."""

import time

from composer.engine.inference.infer import Inferrer
from tests.benchmarks import designs
from tests.benchmarks.measure import Row, child, compare

FEW, MANY = 500, 5_000

_HUGE = """
import json, time
import torch
from composer.engine.analysis.summary import summarize
from tests.benchmarks import designs
from tests.benchmarks.memory import Peak
summarize(designs.vit("small", size=32, patch=8, dim=64, depth=2, heads=2))
design = designs.vit("huge", size=224, patch=14, dim=8192, depth=12, heads=64, repeat=False)
with Peak() as peak:
    start = time.perf_counter()
    params = summarize(design)["totals"]["params"]
    seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "mb": peak.megabytes, "params": params}))
"""


def run() -> list[Row]:
    """Time a node of a large design against that of a small one; memory of a huge one."""
    inferrer = Inferrer()
    small, large = designs.mixed(FEW), designs.mixed(MANY)

    def each(design: object, count: int) -> float:
        start = time.perf_counter()
        inferrer.infer(design)  # type: ignore[arg-type]
        return (time.perf_counter() - start) / count

    name = f"a node among {MANY:,} / among {FEW}"
    growth = compare(name, lambda: each(large, MANY), lambda: each(small, FEW), rounds=5, target=1.5)
    huge = child(_HUGE)
    note = f"{huge['params']:.2g} parameters in {huge['seconds']:.2f} s"
    return [growth, Row("memory of 10^10 parameters / 60 MB", huge["mb"], 60.0, "MB", target=1.0, note=note)]
