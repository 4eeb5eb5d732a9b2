"""Failures of a run in one sentence for people."""

import math

from torch import Tensor

from composer.core.errors import UserError
from composer.core.graph import Training


class Diverged(UserError):
    """The loss is no longer a finite number."""


def finite_loss(loss: Tensor, step: int, epoch: int, settings: Training) -> float:
    """Read a loss from the device, which waits for everything before it.

    Args:
        loss: a scalar.
        step: number of the step, for the message.
        epoch: number of the epoch, for the message.
        settings: the training settings.

    Raises:
        Diverged: if it is infinite or not a number.
    """
    value = float(loss.detach())
    if not math.isfinite(value):
        advice = f"lower the learning rate, now {settings.lr:g}"
        # Each step multiplies the weights by 1 - lr * weight_decay: from 2 on that alone makes them grow.
        if settings.lr * settings.weight_decay >= 2:
            advice += f", or the weight decay, now {settings.weight_decay:g}"
        raise Diverged(
            f"the loss is no longer a number at step {step} (epoch {epoch}); {advice}, or lengthen the warm-up, now "
            f"{settings.warmup_epochs:g} epochs"
        )
    return value


def explain(error: BaseException) -> str:
    """Return one sentence on what went wrong and what to do; a lack of memory has its own, see `memory_limit`."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted before it could save; --resume continues from the last checkpoint"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    text = str(error).strip().split("\n")[0] or "no message"
    return f"training failed: {type(error).__name__}: {text:.300}"
