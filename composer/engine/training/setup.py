"""Preparations of a run: the device, the number of threads, and a check that the output fits the objective."""

import logging
import shutil
import warnings
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import nn

from composer.core import units
from composer.core.errors import UserError
from composer.engine.device import Device, cpu_cores, tune_threads
from composer.engine.training.datasets.splits import Split
from composer.engine.training.objectives import Model, Objective


def make_fabric(target: Device, precision: str) -> Fabric:
    """Return the Fabric that places a run on a device.

    Args:
        target: the device.
        precision: Fabric's name of the number format, such as ``bf16-mixed``.

    Raises:
        UserError: if the device cannot compute in this precision.
    """
    kind, _, index = target.name.partition(":")
    if precision == "16-mixed" and kind == "cpu":
        # Fabric would compute in bf16, and the settings of the run would name another precision.
        raise UserError("precision '16-mixed' needs a GPU: a CPU does not compute in fp16; use bf16-mixed or 32-true")
    try:
        # It would print which precision it uses; the settings of the run say so.
        logging.getLogger("lightning_fabric.utilities.rank_zero").setLevel(logging.WARNING)
        with warnings.catch_warnings():
            # Fabric gives advice on machines with several devices; the user has chosen one.
            warnings.simplefilter("ignore")
            return Fabric(accelerator=kind, devices=[int(index)] if index else 1, precision=precision)  # type: ignore[arg-type]
    except (ValueError, RuntimeError, TypeError) as error:
        raise UserError(f"precision {precision!r} does not work on {target.name}: {error}; use 32-true") from None


def check_output(model: nn.Module, objective: Objective, split: Split) -> None:
    """Run one small forward pass, so that a design that does not fit the data is refused before training.

    Raises:
        UserError: if the objective cannot learn from the outputs.
    """
    model.eval()
    batch = split.take(slice(2))
    with torch.no_grad():
        objective.check(model(batch), batch)


def rehearse(fabric: Fabric, model: nn.Module, objective: Objective, split: Split, batch_size: int) -> None:
    """Run one step on a copy, so that a lack of memory is noticed before training."""
    _make_step(fabric, model, objective, split, batch_size)()


def check_space(folder: Path, weights: int, checkpoint: int, *, new: bool) -> None:
    """Refuse a disk on which the checkpoints of a run have no space.

    Args:
        folder: the folder of the run, which need not exist.
        weights: bytes of the weights.
        checkpoint: bytes of a checkpoint with optimizer states.
        new: whether there are no checkpoints yet.

    Raises:
        UserError: with both numbers.
    """
    # A checkpoint is written beside the one that it replaces; the best weights are stored in two formats.
    needed = 2 * checkpoint + 2 * weights if new else checkpoint
    try:
        parent = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
        free = shutil.disk_usage(parent).free
    except OSError:  # a file system that does not tell; what is written will
        return
    if free < needed:
        raise UserError(
            f"{folder}: {units.memory(free)} are free, but the checkpoints of this network need "
            f"{units.memory(needed)}; free some space or choose another folder (--out)"
        )


def set_threads(
    fabric: Fabric, model: nn.Module, objective: Objective, split: Split, batch_size: int, saved: int
) -> int:
    """Use the number of CPU threads of the checkpoint, or measure which one is fastest.

    Args:
        fabric: has placed the network.
        model: the network; a copy of it is measured.
        objective: what it learns.
        split: the samples.
        batch_size: samples per step.
        saved: threads of the checkpoint; 0 if there is none.

    Returns:
        The number of threads.
    """
    if 0 < saved <= cpu_cores():
        torch.set_num_threads(saved)
        return saved
    step = _make_step(fabric, model, objective, split, batch_size)
    return tune_threads(step)


def _make_step(
    fabric: Fabric, model: nn.Module, objective: Objective, split: Split, batch_size: int
) -> Callable[[], None]:
    """Return a training step on a copy of a network, without side effects."""
    batch = split.take(slice(batch_size))
    copy: Model = deepcopy(model).train()  # a step changes the statistics of batch norms

    def step() -> None:
        with torch.random.fork_rng(devices=[]):
            fabric.backward(objective.loss(copy, batch, 0)[0])

    return step
