"""One optimizer step: the gradients of one or several batches, clipped, and the averages that follow it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from composer.engine.training.datasets.splits import Batch, batch_size
from composer.engine.training.monitoring.gradient_norms import GradientNorms
from composer.engine.training.objectives import Metrics, Objective
from composer.engine.training.optimization.weight_average import WeightAverage

Bounds = tuple[int, int]


def step_bounds(bounds: Sequence[Bounds], accumulate: int, start: int = 0) -> Iterator[Sequence[Bounds]]:
    """Yield the batches of each optimizer step; those of the last one may be fewer.

    Args:
        bounds: first and last+1 sample of each batch of an epoch.
        accumulate: batches per optimizer step.
        start: batches that are done.
    """
    for first in range(start, len(bounds), accumulate):
        yield bounds[first : first + accumulate]


@dataclass
class StepResult:
    """What one step did.

    Attributes:
        loss: mean loss of its samples, on the device.
        grad_norm: norm of the gradient before it was clipped, on the device; None if it was not measured.
    """

    loss: Tensor
    grad_norm: Tensor | None = None


@dataclass
class TrainingStep:
    """Makes steps. Nothing in it reads a value back from the device, so that the host runs ahead of it.

    Args:
        fabric: has placed the network.
        model: the network as Fabric wraps it; takes a batch.
        objective: what it learns.
        bare_optimizer: the optimizer itself.
        optimizer: the optimizer as Fabric wraps it.
        clip_norm: largest norm of the gradient; 0 for any.
        average: follows the weights; None if nothing does.
        gradient_norms: measures the gradients of the steps for which it is requested.
    """

    fabric: Fabric
    model: nn.Module
    objective: Objective
    bare_optimizer: torch.optim.Optimizer
    optimizer: torch.optim.Optimizer
    clip_norm: float = 0.0
    average: WeightAverage | None = None
    gradient_norms: GradientNorms | None = None
    _factors: list[float] = field(init=False)

    def __post_init__(self) -> None:
        # Read once: the optimizer state of a run of an earlier version has groups without them.
        self._factors = [float(group["rate_factor"]) for group in self.bare_optimizer.param_groups]

    def set_rate(self, rate: float) -> None:
        """Set the learning rate; parameters with a factor have theirs."""
        for group, factor in zip(self.bare_optimizer.param_groups, self._factors, strict=True):
            group["lr"] = rate * factor

    def backward(self, batch: Batch, share: float, step: int, metrics: Metrics | None = None) -> Tensor:
        """Add the gradient of one batch.

        Args:
            batch: the batch.
            share: of the samples of the step that are in the batch; the gradient is that of the mean over all of them.
            step: number of the step.
            metrics: take in the outputs.

        Returns:
            The mean loss of the batch, detached.
        """
        loss, outputs = self.objective.loss(self.model, batch, step)
        self.fabric.backward(loss if share == 1 else loss * share)
        if metrics is not None:
            with torch.no_grad():  # a metric must not hold on to the graph of a step
                metrics.update(outputs, batch)
        return loss.detach()

    def finish(self, *, measure: bool = False) -> Tensor | None:
        """Move the weights along the gradient.

        Args:
            measure: whether the gradients of the nodes are measured.

        Returns:
            The norm of the gradient before it was clipped; None if it was not measured.
        """
        norm = None
        if measure and self.gradient_norms is not None:
            norm = self.gradient_norms.measure()
        if self.clip_norm:
            clipped = self.fabric.clip_gradients(
                self.model, self.optimizer, max_norm=self.clip_norm, error_if_nonfinite=False
            )
            norm = clipped if norm is None else norm
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.average is not None:
            self.average.update()
        return norm

    def run(
        self,
        batches: Iterator[Batch],
        bounds: Sequence[Bounds],
        step: int,
        rate: float,
        metrics: Metrics | None = None,
        *,
        measure: bool = False,
    ) -> StepResult:
        """Make one step.

        Args:
            batches: as many as there are bounds are taken from it.
            bounds: first and last+1 sample of each batch of the step.
            step: number of the step, from 0.
            rate: the learning rate.
            metrics: take in the outputs.
            measure: whether the gradients of the nodes are measured.
        """
        self.set_rate(rate)
        samples = sum(end - begin for begin, end in bounds)
        losses = []
        for _ in bounds:
            batch = next(batches)
            share = batch_size(batch) / samples
            loss = self.backward(batch, share, step, metrics)
            losses.append(loss if share == 1 else loss * share)
        return StepResult(losses[0] if len(losses) == 1 else torch.stack(losses).sum(), self.finish(measure=measure))
