"""Preparations of a run: the device, the number of threads, and a check that the output fits the objective."""

import warnings
from copy import deepcopy

import torch
from lightning_fabric import Fabric
from torch import nn

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
    try:
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


def set_threads(model: nn.Module, objective: Objective, split: Split, batch_size: int, saved: int) -> int:
    """Use the number of CPU threads of the checkpoint, or measure which one is fastest.

    Args:
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
    batch = split.take(slice(batch_size))
    with torch.random.fork_rng(devices=[]):
        copy: Model = deepcopy(model).train()  # a step changes the statistics of batch norms

        def step() -> None:
            torch.autograd.backward(objective.loss(copy, batch, 0)[0])

        return tune_threads(step)
