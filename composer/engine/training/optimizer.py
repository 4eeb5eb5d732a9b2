"""The optimizer and the learning rate of each step, from the training settings of a design."""

import math
from collections.abc import Callable
from functools import partial

from torch import nn, optim

from composer.core.blocks.catalog import Catalog
from composer.core.errors import UserError
from composer.core.graph import Design, Training
from composer.engine.training.weight_decay import decay_rows

MOMENTUM = 0.9
# fused: one kernel for all parameters, on the CPU too.
OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "adamw": partial(optim.AdamW, fused=True),
    "sgd": partial(optim.SGD, momentum=MOMENTUM, nesterov=True, fused=True),
}
FINAL_SHARE = 0.01  # of the peak learning rate, where a cosine ends


def make_optimizer(model: nn.Module, settings: Training, design: Design, catalog: Catalog) -> optim.Optimizer:
    """Return AdamW, or SGD with Nesterov momentum.

    Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019, arXiv:1711.05101 (AdamW).

    Args:
        model: the network to train.
        settings: `optimizer`, `lr`, `weight_decay`.
        design: its design, which tells the block of each module.
        catalog: the blocks, which declare what does not decay.

    Raises:
        UserError: if the model has no trainable parameters.
    """
    rows = decay_rows(model, design, catalog)
    decayed = [row.parameter for row in rows if row.decays]
    exempt = [row.parameter for row in rows if not row.decays]
    if not rows:
        raise UserError("the design has no trainable parameters: there is nothing to train")
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": exempt, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    return OPTIMIZERS[settings.optimizer](groups, lr=settings.lr)


def learning_rate(settings: Training, steps_per_epoch: int) -> Callable[[int], float]:
    """Return the learning rate as a pure function of the step, so that there is no schedule state to save.

    Args:
        settings: `lr`, `schedule` (``cosine`` to 1 % or ``constant``), `warmup_epochs`, `epochs`.
        steps_per_epoch: optimizer steps per epoch.
    """
    total = settings.epochs * steps_per_epoch
    warmup = min(round(settings.warmup_epochs * steps_per_epoch), total // 2)

    decay = SCHEDULES[settings.schedule]

    def rate_at(step: int) -> float:
        if step < warmup:
            return settings.lr * (step + 1) / warmup
        return settings.lr * decay(min(1.0, (step - warmup) / max(1, total - warmup)))

    return rate_at


def cosine(progress: float) -> float:
    """Return the share of the peak rate on a half cosine from 1 to `FINAL_SHARE`, for a progress in [0, 1]."""
    return FINAL_SHARE + (1 - FINAL_SHARE) * 0.5 * (1 + math.cos(math.pi * progress))


def constant(progress: float) -> float:
    """Return the whole peak rate, whatever the progress."""
    del progress
    return 1.0


SCHEDULES: dict[str, Callable[[float], float]] = {"cosine": cosine, "constant": constant}
