"""The optimizer and the learning rate of each step, from the training settings of a design."""

import math
from collections.abc import Callable
from functools import partial

from torch import nn, optim

from composer.core.errors import UserError
from composer.core.graph import Training

MOMENTUM = 0.9
# fused: one kernel for all parameters, on the CPU too.
OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "adamw": partial(optim.AdamW, fused=True),
    "sgd": partial(optim.SGD, momentum=MOMENTUM, nesterov=True, fused=True),
}
FINAL_SHARE = 0.01  # of the peak learning rate, where a cosine ends


def make_optimizer(model: nn.Module, settings: Training) -> optim.Optimizer:
    """Return AdamW, or SGD with Nesterov momentum.

    Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019, arXiv:1711.05101 (AdamW).

    Args:
        model: the network to train.
        settings: `optimizer`, `lr`, `weight_decay`.

    Raises:
        UserError: if the model has no trainable parameters.
    """
    decayed: list[nn.Parameter] = []
    exempt: list[nn.Parameter] = []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (exempt if is_exempt_from_decay(parameter) else decayed).append(parameter)
    if not decayed and not exempt:
        raise UserError("the design has no trainable parameters: there is nothing to train")
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": exempt, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    return OPTIMIZERS[settings.optimizer](groups, lr=settings.lr)


def is_exempt_from_decay(parameter: nn.Parameter) -> bool:
    """Return whether weight decay would hurt: biases, norms, scales (vectors), class tokens, positions (1, n, dim)."""
    sizes = [size for size in parameter.shape if size > 1]
    return len(sizes) <= 1 or (parameter.ndim == 3 and parameter.shape[0] == 1)


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
