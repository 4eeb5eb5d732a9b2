"""Failures of a run in one sentence for people."""

import math

from torch import Tensor

from composer.core.errors import UserError
from composer.core.graph import Training


class Diverged(UserError):
    """The loss is no longer a finite number.

    Args:
        step: finished steps when it was noticed.
        epoch: number of the epoch.
        advice: what to do.
        cause: where it began, in words that follow a colon; empty if that is not known.
        remark: why that is not known.
    """

    def __init__(self, step: int, epoch: int, advice: str, cause: str = "", remark: str = "") -> None:
        at = f": {cause}" if cause else f" at step {step} (epoch {epoch}){remark}"
        super().__init__(f"the loss is no longer a number{at}; {advice}")
        self.step, self.epoch, self.advice = step, epoch, advice


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
        advice += f", or lengthen the warm-up, now {settings.warmup_epochs:g} epochs"
        raise Diverged(step, epoch, advice)
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
