"""An epoch of the training loop (logging, metrics, checkpoint and all), against a bare PyTorch loop on the same
batches.
"""

import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from composer.core.files.design_file import load
from composer.core.files.run_folder import LAST
from composer.core.files.templates import template
from composer.core.graph import Design
from composer.engine.codegen.build import build
from composer.engine.library import catalog
from composer.engine.training.data.augmenter import make_augmenter
from composer.engine.training.data.batches import batch_bounds, epoch_batches
from composer.engine.training.data.inputs import load_for
from composer.engine.training.loop import train
from composer.engine.training.optimization.optimizer import make_optimizer
from composer.engine.training.report import Report
from tests.benchmarks.measure import Row, row
from tests.engine.designs import tiny

# The first and the last epoch write sample images whatever they cost; in a run of three they would be most of it.
EPOCHS = 8


class Clock(Report):
    """Record when each epoch is reported: the time between two reports is the full cost of an epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[float] = []

    def metrics(self, record: Mapping[str, Any]) -> None:
        if record["kind"] == "epoch":
            self.epochs.append(time.perf_counter())


def ours(design: Design, folder: str) -> tuple[list[float], int]:
    """Return the seconds of the epochs after the first, and the number of threads that the loop selected."""
    clock = Clock()
    run = train(design, Path(folder) / f"run_{time.time_ns()}", epochs=EPOCHS, device="cpu", report=clock)
    checkpoint = run.load(LAST)
    assert checkpoint is not None
    return [b - a for a, b in zip(clock.epochs, clock.epochs[1:], strict=False)], int(checkpoint["progress"]["threads"])


def bare(design: Design, threads: int) -> list[float]:
    """Train the same with the shortest PyTorch loop."""
    settings = replace(design.training, epochs=EPOCHS)
    data = load_for(design)
    torch.manual_seed(settings.seed)
    torch.set_num_threads(threads)
    model = build(design)
    optimizer = make_optimizer(model, settings, design, catalog())
    val = data.val.take(slice(None))
    augmenter = make_augmenter(settings, data, ("image",))
    seconds = []
    for epoch in range(1, EPOCHS + 1):
        start = time.perf_counter()
        model.train()
        for batch in epoch_batches(data.train, settings.batch_size, settings.seed, epoch, augmenter):
            loss = F.cross_entropy(model(batch["image"]), batch["label"])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        model.eval()
        with torch.no_grad():
            (model(val["image"]).argmax(1) == val["label"]).float().mean().item()
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def run() -> list[Row]:
    """Compare both on the digits: steps of about 20 ms, 10 ms and 1 ms."""
    hybrid = load(template("hybrid_digits"))
    return [
        _row("training epoch / bare PyTorch loop", hybrid, 1.05),
        _row("the same with 32 samples a step", _with_batches(hybrid, 32), 1.05),
        _row("the same with a small network", _with_batches(tiny(), 4), 1.10),
    ]


def _with_batches(design: Design, batch_size: int) -> Design:
    return replace(design, training=replace(design.training, batch_size=batch_size))


def _row(name: str, design: Design, target: float) -> Row:
    """Measure both in turns."""
    samples: tuple[list[float], list[float]] = ([], [])
    before = torch.get_num_threads()
    threads = 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(3):
                durations, threads = ours(design, folder)
                samples[0].extend(durations)
                samples[1].extend(bare(design, threads))
    finally:
        torch.set_num_threads(before)
    steps = len(batch_bounds(len(load_for(design).train), design.training.batch_size))
    milliseconds = 1000 * statistics.median(samples[1]) / steps
    note = f"{threads} threads, {steps} steps of {milliseconds:.1f} ms, checkpoint and metrics included"
    return row(name, samples, target=target, note=note)
