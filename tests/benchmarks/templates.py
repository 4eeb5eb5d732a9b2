"""Every template: a summary against torchinfo on the real module, and a step of two of them against timm.

A summary is timed twice: cold, with all that it imports but torch, and again with nothing known but everything
imported, which is what opening one more design in a running program costs. No row reads costs that an earlier process
has kept.
"""

import json

import torch

from composer import paths
from composer.core.files.design_file import load
from composer.core.files.templates import template
from composer.engine.codegen.build import build
from tests.benchmarks.blocks import declare_torchvision
from tests.benchmarks.measure import Row, child, compare, row
from tests.benchmarks.model_step import step

TIMM = {"vit_base_patch16_224": 2, "resnet50": 4}  # name and batch

# Torch is imported before the clock starts, and its garbage collected, on both sides; torchinfo needs the module, whose
# making counts.
_OURS = """
import gc, json, sys, time
import torch
from composer.core.files.design_file import load
gc.collect()
start = time.perf_counter()
from composer.engine.analysis.summary import summarize
data = summarize(load(sys.argv[1]))
cold = time.perf_counter()
summarize(load(sys.argv[1]))
print(json.dumps({"cold": cold - start, "imported": time.perf_counter() - cold, "params": data["totals"]["params"]}))
"""

_TORCHINFO = """
import gc, json, sys, time
import torch
from composer.core.files.design_file import load
from composer.engine.codegen.build import import_source
from composer.engine.codegen.probe import model_class
from composer.engine.codegen.generate import source
design = load(sys.argv[1])
cls = model_class(import_source(source(design)))
shapes = [(1, *item.shape) for item in design.main.inputs.values()]
gc.collect()
start = time.perf_counter()
import torchinfo
def summarize():
    return torchinfo.summary(cls(), input_data=[torch.zeros(shape) for shape in shapes], verbose=0, device="cpu")
found = summarize()
cold = time.perf_counter()
summarize()
imported = time.perf_counter()
cls()
made = time.perf_counter() - imported
print(json.dumps({"cold": cold - start, "imported": imported - cold, "made": made, "params": found.total_params}))
"""


def run() -> list[Row]:
    """Return one row per template, then the steps."""
    return [*(row for path in sorted(paths.TEMPLATES.glob("*.yaml")) for row in summaries(path.stem)), *steps()]


def summaries(name: str) -> list[Row]:
    """Both rows of a template, each side in fresh processes."""
    path = str(template(name))
    samples = [(child(_OURS, path), child(_TORCHINFO, path)) for _ in range(3)]
    same = samples[0][0]["params"] == samples[0][1]["params"]
    build_seconds = min(sample[1]["made"] for sample in samples)
    # Both sides must build them to count their parameters, ours without memory for the weights.
    note = (
        f"building the modules takes torch {1e3 * build_seconds:.1f} ms"
        if same
        else f"PARAMETERS DIFFER: {json.dumps(samples[0])}"
    )
    rows = []
    for key in ("cold", "imported"):
        ours, reference = ([sample[side][key] for sample in samples] for side in (0, 1))
        rows.append(row(f"summary {name}, {key} / torchinfo", (ours, reference), target=0.25, note=note))
    return rows


def steps() -> list[Row]:
    """Forward and backward of a generated template against timm's network of that name, in training mode on one
    thread.
    """
    declare_torchvision()
    try:
        import timm
    except (ImportError, RuntimeError):
        return [
            Row(
                "generated template step / timm",
                float("nan"),
                float("nan"),
                note="timm is not installed: pip install 'netcomposer[bench]'",
            )
        ]
    rows = []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for name, batch in TIMM.items():
            images = torch.randn(batch, 3, 224, 224)
            ours, theirs = build(load(template(name)), seed=0), timm.create_model(name)
            rows.append(
                compare(
                    f"generated {name} step / timm",
                    step(ours, images),
                    step(theirs, images),
                    rounds=7,
                    warm=1,
                    target=1.02,
                )
            )
    finally:
        torch.set_num_threads(threads)
    return rows
