"""Failures of a run in one sentence for people."""

import math

import torch
from torch import Tensor

from composer.core.errors import UserError
from composer.core.graph import Training
from composer.engine.device import Device


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
        raise Diverged(
            f"the loss is no longer a number at step {step} (epoch {epoch}); lower the learning rate, now "
            f"{settings.lr:g}, or lengthen the warm-up, now {settings.warmup_epochs:g} epochs"
        )
    return value


def explain(error: BaseException, settings: Training, target: Device) -> str:
    """Return one sentence on what went wrong and what to do.

    Args:
        error: what ended the run.
        settings: the training settings.
        target: the device.
    """
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError) or "out of memory" in str(error).lower():
        return (
            f"{target.label} has too little memory for batch size {settings.batch_size}; "
            "lower batch_size or make the design smaller"
        )
    if isinstance(error, KeyboardInterrupt):
        return "interrupted before it could save; --resume continues from the last checkpoint"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    text = str(error).strip().split("\n")[0] or "no message"
    return f"training failed: {type(error).__name__}: {text:.300}"
