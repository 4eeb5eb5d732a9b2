"""A cold summary of a design as large as ViT-L, against torchinfo on the real module."""

from tests.benchmarks.measure import Row, child

_OURS = """
import gc, json, time
import torch
from tests.benchmarks import designs
from tests.benchmarks.memory import Peak
design = designs.vit("vit_large", size=224, patch=16, dim=1024, depth=24, heads=16, repeat=False)
gc.collect()  # else the garbage of importing torch is charged to whoever comes next: 85 ms
with Peak() as peak:
    start = time.perf_counter()
    from composer.engine.analysis.summary import summarize
    data = summarize(design)
    seconds = time.perf_counter() - start
assert data["totals"]["params"] > 300_000_000
print(json.dumps({"seconds": seconds, "mb": peak.megabytes}))
"""

_TORCHINFO = """
import gc, json, time
import torch
from tests.benchmarks import designs
from tests.benchmarks.memory import Peak
design = designs.vit("vit_large", size=224, patch=16, dim=1024, depth=24, heads=16, repeat=False)
from composer.engine.codegen.build import build
model = build(design)
gc.collect()  # else the garbage of importing torch is charged to whoever comes next: 85 ms
with Peak() as peak:
    start = time.perf_counter()
    import torchinfo
    torchinfo.summary(model, (1, 3, 224, 224), verbose=0, device="cpu")
    seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "mb": peak.megabytes}))
"""


def run() -> list[Row]:
    """Time and added memory, each in fresh processes that have imported torch."""
    ours, reference = [], []
    for _ in range(3):
        ours.append(child(_OURS))
        reference.append(child(_TORCHINFO))
    seconds = [sorted(sample["seconds"] for sample in side) for side in (ours, reference)]
    memory = [min(sample["mb"] for sample in side) for side in (ours, reference)]
    return [
        Row(
            "cold summary of ViT-L / torchinfo",
            1e3 * seconds[0][0],
            1e3 * seconds[1][0],
            target=0.25,
            spread=seconds[0][1] / seconds[0][0],
            note="torchinfo timed without making the model",
        ),
        Row(
            "added memory of that summary / 60 MB", memory[0], 60.0, "MB", target=1.0, note="peak after importing torch"
        ),
    ]
