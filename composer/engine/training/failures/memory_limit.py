"""Out of memory: how it shows, and the largest batch that fits."""

import gc
import math
import traceback
from collections.abc import Mapping

import torch

from composer.core.errors import UserError
from composer.engine.training.memory_phrases import is_out_of_memory
from composer.engine.training.preparation import Preparation
from composer.engine.training.validation import VAL_FACTOR

SMALLEST_BATCH = 2


class TooLittleMemoryError(UserError):
    """The device has too little memory for a step.

    Args:
        message: one sentence.
        suggestion: settings that fit; empty if none do.
    """

    def __init__(self, message: str, suggestion: Mapping[str, int]) -> None:
        super().__init__(message)
        self.suggestion = suggestion


def too_little_memory(error: BaseException, parts: Preparation | None, device: str) -> TooLittleMemoryError:
    """Return one sentence that offers the largest batch that fits, with the settings that keep the effective one.

    Args:
        error: the exception, whose frames hold the tensors of the step that failed; they are freed.
        parts: the network and the data; None if there was no memory for them.
        device: label of the device.
    """
    if parts is None:
        return TooLittleMemoryError(f"{device} has too little memory for this network; make the design smaller", {})
    settings = parts.plan.settings
    traceback.clear_frames(error.__traceback__)
    fitting = largest_fitting_batch(parts, min(settings.batch_size, len(parts.train_split)))
    problem = f"{device} has too little memory for"
    if fitting is None:
        return TooLittleMemoryError(f"{problem} this network, even with {SMALLEST_BATCH} samples; make it smaller", {})
    effective = settings.batch_size * settings.accumulate
    suggestion = keep_effective_batch(effective, fitting)
    flags = f"--batch-size {suggestion['batch_size']} --accumulate {suggestion['accumulate']}"
    total = suggestion["batch_size"] * suggestion["accumulate"]
    kept = f"the effective batch of {effective}" if total == effective else f"an effective batch of {total}"
    return TooLittleMemoryError(
        f"{problem} batch size {settings.batch_size}; {fitting} fits, and {flags} keeps {kept}", suggestion
    )


def keep_effective_batch(effective: int, fitting: int) -> dict[str, int]:
    """Return the settings with the fewest batches per step that make up an effective batch, or slightly more.

    Args:
        effective: samples per optimizer step.
        fitting: samples per batch that fit.
    """
    fewest = math.ceil(effective / fitting)
    even = (number for number in range(fewest, 2 * fewest + 1) if effective % number == 0)
    number = next((number for number in even if effective // number >= SMALLEST_BATCH), fewest)
    return {"batch_size": math.ceil(effective / number), "accumulate": number}


def largest_fitting_batch(parts: Preparation, too_large: int) -> int | None:
    """Return a batch size that fits, at most an eighth below the largest one; None if none fits.

    Args:
        parts: the network, which is changed by the attempts, and the data.
        too_large: a batch size that does not fit.
    """
    fitting = too_large // 2
    while fitting >= SMALLEST_BATCH and not _fits(parts, fitting):
        too_large, fitting = fitting, fitting // 2
    if fitting < SMALLEST_BATCH:
        return None
    while too_large - fitting > max(1, too_large // 8):
        middle = (fitting + too_large) // 2
        fitting, too_large = (middle, too_large) if _fits(parts, middle) else (fitting, middle)
    return fitting


def _fits(parts: Preparation, size: int) -> bool:
    """Return whether a step of a batch, and a larger one in the validation, have enough memory."""
    _free(parts)
    try:
        loss, _ = parts.objective.loss(parts.model, parts.train_split.take(slice(size)), 0)
        parts.fabric.backward(loss)
        parts.optimizer.step()
        del loss
        with torch.no_grad():
            parts.objective.loss(parts.model, parts.val_split.take(slice(VAL_FACTOR * size)), None)
    except (RuntimeError, MemoryError, OSError) as error:
        if not is_out_of_memory(error):
            raise
        return False
    finally:
        _free(parts)
    return True


def _free(parts: Preparation) -> None:
    parts.optimizer.zero_grad(set_to_none=True)
    gc.collect()
    if parts.fabric.device.type == "cuda":
        torch.cuda.empty_cache()
