"""From the start of a process to the end of the first training step, against what nobody can leave out: importing
torch, making AdamW (which imports most of torch's compiler) and building the network.
"""

import tempfile
from pathlib import Path

from composer.core.files.templates import template
from tests.benchmarks.measure import Row, child, row

ROUNDS = 4

# Seconds of the processor: neighbours on a busy machine stretch the time on the wall far more.
OURS = """
import json, os, sys, time
os.environ.setdefault("GOMP_SPINCOUNT", "30000")  # as the command line does
import pathlib
from composer.core.files.design_file import load
from composer.engine.training.control import Control
from composer.engine.training.loop import train
from composer.engine.training.training_step import TrainingStep

control, run = Control(), TrainingStep.run

def first(self, *arguments, **options):
    result = run(self, *arguments, **options)
    float(result.loss)
    print(json.dumps({"seconds": time.process_time()}), flush=True)
    control.send("stop")
    return result

TrainingStep.run = first
train(load(sys.argv[1]), pathlib.Path(sys.argv[2]), device="cpu", control=control)
"""

REFERENCE = """
import json, sys, time
import torch
import composer
from composer.core.files.design_file import load
model = composer.build(load(sys.argv[1]))
torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
print(json.dumps({"seconds": time.process_time()}))
"""


def run() -> list[Row]:
    """Start both in turns, in fresh processes."""
    design = str(template("hybrid_digits"))
    samples: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            samples[0].append(child(OURS, design, str(Path(folder) / f"run_{number}"))["seconds"])
            samples[1].append(child(REFERENCE, design)["seconds"])
    note = "data, a rehearsal, the choice of the number of threads and the run folder included"
    return [row("first step / torch, AdamW and the network", samples, target=1.5, note=note)]
