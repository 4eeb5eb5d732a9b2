"""What the records of a training cost: the health of the nodes with their gradients, and the samples."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from composer.core.files.design_file import load
from composer.core.files.templates import template
from composer.core.graph import Design
from composer.engine.device import choose
from composer.engine.training.loop import train
from composer.engine.training.monitoring.gradient_norms import GradientNorms
from composer.engine.training.monitoring.health import HealthMonitor
from composer.engine.training.monitoring.samples import SampleWriter
from tests.benchmarks.measure import Row

EPOCHS = 12


class Stopwatch:
    """Sums up the seconds of the processor that a method takes.

    Args:
        owner: the class.
        name: the method.
    """

    def __init__(self, owner: type, name: str) -> None:
        self.owner, self.name, self.method = owner, name, getattr(owner, name)
        self.seconds = 0.0

    def __enter__(self) -> "Stopwatch":
        method: Callable[..., Any] = self.method

        def timed(*arguments: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return method(*arguments, **options)
            finally:
                self.seconds += time.process_time() - start

        setattr(self.owner, self.name, timed)
        return self

    def __exit__(self, *_: object) -> None:
        setattr(self.owner, self.name, self.method)


def measure(design: Design) -> tuple[float, float, float]:
    """Return the seconds of the processor for health, for samples, and for the whole training."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            Stopwatch(HealthMonitor, "measure") as health,
            Stopwatch(GradientNorms, "measure") as norms,
            Stopwatch(SampleWriter, "write") as samples,
        ):
            begin = time.process_time()
            train(design, Path(folder) / "run", device=choose("cpu").name)
    finally:
        torch.set_num_threads(threads)
    return health.seconds + norms.seconds, samples.seconds, time.process_time() - begin


def run() -> list[Row]:
    """Measure the hybrid template on the digits."""
    design = load(template("hybrid_digits"))
    design = replace(design, training=replace(design.training, epochs=EPOCHS))
    health, samples, whole = measure(design)
    note = "seconds of the processor; a row passes if ours is at most 3 % (health) or 1 % (samples) of the training"
    return [
        Row("health and gradients / 3 % of the training", 1e3 * health, 1e3 * 0.03 * whole, target=1.0, note=note),
        Row("samples / 1 % of the training", 1e3 * samples, 1e3 * 0.01 * whole, target=1.0, note=note),
    ]
