"""Loss and metrics of samples that are not trained on."""

from collections.abc import Iterable

import torch
from torch import nn

from composer.core.run_records import LOSS
from composer.engine.training.data.batches import ordered_batches
from composer.engine.training.datasets.splits import Batch, Split, batch_size
from composer.engine.training.objectives import Objective
from composer.engine.training.predictions import PredictionCollector

VAL_FACTOR = 4  # no gradients are stored, so validation batches may be larger


def validate(
    model: nn.Module, split: Split, objective: Objective, size: int, collector: PredictionCollector | None = None
) -> dict[str, float]:
    """Return loss and metrics of a split, in evaluation mode.

    Args:
        model: takes a batch.
        split: the samples.
        objective: what the model learns.
        size: samples per batch.
        collector: receives what the objective stores of each sample.
    """
    return measure(model, ordered_batches(split, size), objective, split.device, collector)


@torch.inference_mode()
def measure(
    model: nn.Module,
    batches: Iterable[Batch],
    objective: Objective,
    device: torch.device,
    collector: PredictionCollector | None = None,
) -> dict[str, float]:
    """Return loss and metrics of some batches; see `validate`.

    Args:
        model: takes a batch.
        batches: at least one.
        objective: what the model learns.
        device: where the batches are.
        collector: receives what the objective stores of each sample.
    """
    was_training = model.training
    model.eval()
    metrics = objective.metrics().to(device)
    loss_sum, samples = torch.zeros((), device=device), 0
    for batch in batches:
        loss, outputs = objective.loss(model, batch, None)
        loss_sum += loss * batch_size(batch)
        samples += batch_size(batch)
        metrics.update(outputs, batch)
        if collector is not None:
            collector.add(objective.per_sample(outputs, batch))
    model.train(was_training)
    return {LOSS: float(loss_sum) / samples, **metrics.compute()}
