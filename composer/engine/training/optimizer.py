"""The optimizer and the learning rate at each step, from the design's training settings."""

import math
from collections.abc import Callable

from torch import nn, optim

from composer.core.errors import UserError
from composer.core.graph import Training

MOMENTUM = 0.9


def make_optimizer(model: nn.Module, settings: Training) -> optim.Optimizer:
    """AdamW (Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019, arXiv:1711.05101) or SGD with Nesterov momentum.

    Args:
        model: whose parameters are learned.
        settings: `optimizer`, `lr`, `weight_decay`.

    Raises:
        UserError: if the optimizer is not known or the model has nothing to learn.
    """
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (free if without_decay(parameter) else decayed).append(parameter)
    if not decayed and not free:
        raise UserError("the design has no trainable parameters: there is nothing to train")
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": free, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    # fused: one kernel for all parameters, on the CPU too.
    match settings.optimizer:
        case "adamw":
            return optim.AdamW(groups, lr=settings.lr, fused=True)
        case "sgd":
            return optim.SGD(groups, lr=settings.lr, momentum=MOMENTUM, nesterov=True, fused=True)
    raise UserError(f"optimizer {settings.optimizer!r} is not known; choose adamw or sgd")


def without_decay(parameter: nn.Parameter) -> bool:
    """Whether weight decay would hurt: biases, norms and scales (vectors), class tokens and positions (1, n, dim)."""
    sizes = [size for size in parameter.shape if size > 1]
    return len(sizes) <= 1 or (parameter.ndim == 3 and parameter.shape[0] == 1)


def learning_rate(settings: Training, steps_per_epoch: int) -> Callable[[int], float]:
    """The learning rate of each step, a pure function of its number, so that there is no schedule state to save.

    Args:
        settings: `lr`, `schedule` (``cosine`` to 1 % or ``constant``), `warmup_epochs`, `epochs`.
        steps_per_epoch: optimizer steps in an epoch.

    Raises:
        UserError: if the schedule is not known.
    """
    if settings.schedule not in ("cosine", "constant"):
        raise UserError(f"schedule {settings.schedule!r} is not known; choose cosine or constant")
    total = settings.epochs * steps_per_epoch
    warmup = min(round(settings.warmup_epochs * steps_per_epoch), total // 2)

    def at(step: int) -> float:
        if step < warmup:
            return settings.lr * (step + 1) / warmup
        if settings.schedule == "constant":
            return settings.lr
        done = (step - warmup) / max(1, total - warmup)
        return settings.lr * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    return at
