"""The learning-rate range test: a short training whose rate rises from step to step, with the very steps of a run.

Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017, arXiv:1506.01186, with a rate that rises
exponentially and a smoothed loss, as in fast.ai.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from composer.core.errors import UserError
from composer.core.graph import Design
from composer.engine.codegen.generate import source
from composer.engine.device import choose
from composer.engine.training.data.batches import batch_bounds, epoch_batches, epoch_seed
from composer.engine.training.preparation import Preparation, prepare
from composer.engine.training.setup import set_threads
from composer.engine.training.training_step import step_bounds

LOWEST, HIGHEST, STEPS = 1e-7, 1.0, 100
# Steps before and after one whose losses its smoothed loss is the mean of; centered, so that no rate is shifted.
NEIGHBORS = 3
# The test ends where the mean of the last losses is this many times the smallest such mean.
DIVERGED, LAST = 4.0, 5
# Suggestions need a curve: a rate that rises from step to step says little after fewer steps.
FEWEST = 10


@dataclass(frozen=True, slots=True)
class RateCurve:
    """The loss at each learning rate.

    Attributes:
        rates: the learning rates, rising.
        losses: the loss of each step.
        smoothed: their mean over neighbouring steps.
        diverged: whether the test ended because the loss grew.
        batch_size: samples of a step.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    diverged: bool
    batch_size: int

    @property
    def minimum(self) -> float:
        """The learning rate at the smallest smoothed loss; from there on the loss grows."""
        return self.rates[self._lowest]

    @property
    def steepest(self) -> float | None:
        """The learning rate at which the smoothed loss falls fastest; None if it falls nowhere."""
        slopes = {
            index: (self.smoothed[index + 1] - self.smoothed[index - 1])
            for index in range(1, min(self._lowest + 1, len(self.rates) - 1))
        }
        index = min(slopes, key=slopes.__getitem__, default=None)
        return self.rates[index] if index is not None and slopes[index] < 0 else None

    @property
    def tenth_of_minimum(self) -> float:
        """A tenth of the rate at the smallest loss: the customary safe choice."""
        return self.minimum / 10

    @property
    def _lowest(self) -> int:
        return min(range(len(self.smoothed)), key=self.smoothed.__getitem__)

    def to_json(self) -> dict[str, Any]:
        """Return curve and suggestions as plain values."""
        return {
            "rates": list(self.rates),
            "losses": list(self.losses),
            "smoothed": list(self.smoothed),
            "diverged": self.diverged,
            "batch_size": self.batch_size,
            "suggestions": {"steepest": self.steepest, "tenth_of_minimum": self.tenth_of_minimum},
        }


def find_rate(
    design: Design, *, device: str = "auto", lowest: float = LOWEST, highest: float = HIGHEST, steps: int = STEPS
) -> RateCurve:
    """Train for some steps with a rising learning rate; nothing is stored.

    Args:
        design: what is trained, with its training settings.
        device: see `train`.
        lowest: the first learning rate.
        highest: the last one, unless the loss grows before.
        steps: optimizer steps.

    Raises:
        UserError: if the design, the settings, the data or the device do not fit together, or the range is empty.
    """
    if not 0 < lowest < highest:
        raise UserError(f"the learning rates run from {lowest:g} to {highest:g}, expected two rising numbers above 0")
    if steps < FEWEST:
        raise UserError(f"{steps} steps are too few for a curve, expected {FEWEST} or more")
    settings, threads = design.training, torch.get_num_threads()
    try:
        parts = prepare(design, settings, source(design), Path(f"{design.name} (learning rates)"), choose(device))
        if parts.fabric.device.type == "cpu":
            set_threads(parts.fabric, parts.model, parts.objective, parts.train_split, settings.batch_size, 0)
        losses: list[float] = []
        smallest, diverged = math.inf, False
        rates = [lowest * (highest / lowest) ** (step / (steps - 1)) for step in range(steps)]
        for loss in _losses(parts, rates):
            if not math.isfinite(loss):
                diverged = True
                break
            losses.append(loss)
            recent = sum(losses[-LAST:]) / len(losses[-LAST:])
            smallest = min(smallest, recent)
            if diverged := recent > DIVERGED * smallest:
                break
    finally:
        torch.set_num_threads(threads)
    if len(losses) < FEWEST:
        raise UserError(
            f"the loss is no longer a number after {len(losses)} steps, at the learning rate {rates[len(losses)]:.3g}; "
            f"start lower than {lowest:g}"
        )
    return RateCurve(
        tuple(rates[: len(losses)]),
        tuple(losses),
        tuple(smooth(losses)),
        diverged,
        settings.batch_size * settings.accumulate,
    )


def smooth(losses: Sequence[float]) -> list[float]:
    """Return the mean of each loss and its neighbours, of fewer of them towards both ends.

    >>> smooth([4.0, 1.0, 1.0, 1.0])
    [4.0, 2.0, 1.0, 1.0]
    """
    means = []
    for index in range(len(losses)):
        reach = min(NEIGHBORS, index, len(losses) - 1 - index)
        means.append(sum(losses[index - reach : index + reach + 1]) / (2 * reach + 1))
    return means


def _losses(parts: Preparation, rates: Sequence[float]) -> Iterator[float]:
    """Yield the loss of one step at each learning rate."""
    settings, split = parts.plan.settings, parts.train_split
    bounds = batch_bounds(len(split), settings.batch_size)
    parts.model.train()
    step, epoch = 0, 0
    while step < len(rates):
        epoch += 1
        torch.manual_seed(epoch_seed(settings.seed, epoch))
        batches = epoch_batches(split, settings.batch_size, settings.seed, epoch, parts.augmenter)
        for step_of in step_bounds(bounds, settings.accumulate):
            if step == len(rates):
                return
            yield float(parts.step.run(batches, step_of, step, rates[step]).loss)
            step += 1
