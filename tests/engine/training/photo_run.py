"""A run on a folder of images with everything that a resume has to bring back, killed at random moments and continued.

Two threads decode the files, batches are augmented and mixed, gradients accumulated and clipped, weights averaged, and
numbers are bf16.
"""

import json
import multiprocessing
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from composer.core.files.run_folder import METRICS, PREDICTIONS, WEIGHTS, RunFolder, is_run
from composer.core.run_records import MEASURED
from tests.engine.designs import tiny

CLASSES, IMAGES = 3, 24
# Enough for many batches between two kills, few enough for a run of seconds.
EPOCHS = 16


def write_photos(folder: Path) -> Path:
    """Write images of several sizes, brighter for each next class."""
    random = np.random.default_rng(3)
    for label in range(CLASSES):
        (folder / f"class_{label}").mkdir(parents=True)
        for number in range(IMAGES):
            height, width = random.integers(12, 30, 2)
            pixels = random.integers(40 * label, 100 + 50 * label, (height, width, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"class_{label}" / f"photo_{number}.png")
    return folder


def overrides(photos: Path) -> dict[str, Any]:
    """Return the settings of the run."""
    return {
        "data": {"name": "images", "folder": str(photos), "workers": 2, "cache": "files"},
        "augment": ["flip", "rand_augment", "mixup"],
        "precision": "bf16-mixed",
        "ema": 0.9,
        "clip_norm": 1.0,
        "accumulate": 2,
        "batch_size": 8,
        "epochs": EPOCHS,
        "keep_every": 2,
    }


def train_photos(folder: str, photos: str) -> None:
    """Train, or continue, in a child process."""
    import torch

    from composer.engine.training.loop import train

    os.environ["OMP_NUM_THREADS"] = "1"  # sums in another order differ in the last digits
    torch.set_num_threads(1)
    design = tiny(("num_classes: 10", f"num_classes: {CLASSES}"), ("shape: [1, 8, 8]", "shape: [3, 8, 8]"))
    resume = is_run(Path(folder))
    train(design, Path(folder), device="cpu", resume=resume, **({} if resume else overrides(Path(photos))))


class Kills:
    """Trains in processes that are forked from a warm one, and kills them.

    The moments are counted from the first record of each process, because a start takes longer than the rest.

    Args:
        folder: scratch folder.
        seed: of the moments.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["composer.engine.training.loop", __name__])
        self.photos, self.moments = write_photos(folder / "photos"), random.Random(seed)
        self.folder = folder
        self.kills: list[str] = []

    def train(self, name: str, life: float | None = None) -> None:
        """Train in a process of its own.

        Args:
            name: folder of the run.
            life: seconds after its first record at which it is killed, unless it has ended; negative before it.
        """
        folder = self.folder / name
        process = self.context.Process(target=train_photos, args=(str(folder), str(self.photos)))
        process.start()
        if life is not None and life >= 0:
            before = _size(folder)
            while process.is_alive() and _size(folder) <= before:
                process.join(0.01)
        process.join(None if life is None else abs(life))
        if process.is_alive():
            process.kill()
            process.join()
            self.kills.append(_position(folder))
        else:
            assert process.exitcode == 0
        process.close()

    def kill_and_finish(self, count: int) -> tuple[RunFolder, RunFolder]:
        """Return a run that nobody killed, and one that was killed as many times and continued each time."""
        self.train("whole")
        times = [row["time"] for row in RunFolder(self.folder / "whole").metrics() if "time" in row]
        runs = 0
        while len(self.kills) < count:
            # A run that ends before it is killed often enough makes room for the next one.
            folder = self.folder / f"killed_{runs}"
            if is_run(folder) and RunFolder(folder).state()["state"] == "done":
                runs += 1
                continue
            self.train(folder.name, life=self.moments.uniform(-0.1, 1.5 / count) * (times[-1] - times[0]))
        self.train(f"killed_{runs}")
        return RunFolder(self.folder / "whole"), RunFolder(self.folder / f"killed_{runs}")


def _size(folder: Path) -> int:
    path = folder / METRICS
    return path.stat().st_size if path.is_file() else 0


def _position(folder: Path) -> str:
    rows = RunFolder(folder).metrics() if is_run(folder) else []
    steps = [row["step"] for row in rows if "step" in row]
    return f"step {steps[-1]}" if steps else "the start"


def differences(one: RunFolder, other: RunFolder) -> list[str]:
    """Return what differs between two runs besides times: rows, weights of any kind, predictions."""
    import torch
    from safetensors.torch import load_file

    changes = []
    rows = [
        [{key: value for key, value in row.items() if key not in MEASURED} for row in run.metrics()]
        for run in (one, other)
    ]
    if rows[0] != rows[1]:
        first = next((pair for pair in zip(*rows, strict=False) if pair[0] != pair[1]), None)
        changes.append(f"rows: {len(rows[0])} and {len(rows[1])}, first difference {first}")
    names = [
        sorted(path.relative_to(run.path).as_posix() for path in run.path.glob("checkpoints/*")) for run in (one, other)
    ]
    if names[0] != names[1]:
        changes.append(f"files: {names}")
    for name in names[0]:
        if name.endswith(".pt") and (other.path / name).is_file():
            pair = [torch.load(run.path / name, map_location="cpu", weights_only=True) for run in (one, other)]
            parts = ("model", "average", "optimizer")
            changes += [f"{name}: {part}" for part in parts if not _equal(*(content.get(part) for content in pair))]
    # The order of the metadata of safetensors differs from process to process.
    if not _equal(*(load_file(run.path / WEIGHTS) for run in (one, other))):
        changes.append(WEIGHTS)
    if (one.path / PREDICTIONS).read_bytes() != (other.path / PREDICTIONS).read_bytes():
        changes.append(PREDICTIONS)
    return changes


def _equal(one: Any, other: Any) -> bool:
    import torch

    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        killer = Kills(Path(scratch), seed=int(sys.argv[2]))
        whole, killed = killer.kill_and_finish(int(sys.argv[1]))
        states = [run.state()["state"] for run in (whole, killed)]
        print(json.dumps({"kills": killer.kills, "states": states, "differences": differences(whole, killed)}))
