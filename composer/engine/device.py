"""The devices of this machine, and the choice of one."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from composer.core.errors import UserError


@dataclass(frozen=True, slots=True)
class Device:
    """A device by its torch name (``cpu``, ``cuda:0``, ``mps``) and a label for people."""

    name: str
    label: str


def cpu_cores() -> int:
    """Cores this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available() -> list[Device]:
    """What can be trained on, fastest first."""
    found = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        properties = torch.cuda.get_device_properties(index)
        found.append(Device(f"cuda:{index}", f"{properties.name} ({properties.total_memory / 2**30:.0f} GB)"))
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU"))
    cores = cpu_cores()
    found.append(Device("cpu", f"CPU ({cores} core{'s' if cores != 1 else ''})"))
    return found


def choose(name: str = "auto") -> Device:
    """The device a user asked for.

    Args:
        name: ``auto`` (the fastest there is), ``cpu``, ``cuda`` (the first GPU), ``cuda:N`` or ``mps``.

    Raises:
        UserError: if this machine has no such device; the message lists those it has.
    """
    devices = available()
    wanted = {"auto": devices[0].name, "cuda": "cuda:0"}.get(name, name)
    for device in devices:
        if device.name == wanted:
            return device
    known = ", ".join(device.name for device in devices)
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        why = "this torch is built without CUDA" if torch.version.cuda is None else "no NVIDIA GPU or driver answers"
        raise UserError(f"device {name!r} is not available: {why}; available: {known}")
    raise UserError(f"device {name!r} is not available; choose auto or one of: {known}")


def devices() -> list[dict[str, str]]:
    """`available` as plain JSON values."""
    return [{"name": device.name, "label": device.label} for device in available()]


def tune_threads(step: Callable[[], object], rounds: int = 3) -> int:
    """The number of CPU threads with which a step of training is fastest right now; it is set, and returned.

    Small networks gain little from a second thread, and where another program uses the cores, threads that wait for each other
    can be ten times slower than a single one; so this is measured. What the user set by OMP_NUM_THREADS stays.

    Args:
        step: one typical step, without effect.
        rounds: how often it is measured.
    """
    if "OMP_NUM_THREADS" in os.environ:
        return torch.get_num_threads()
    cores = cpu_cores()
    best, best_time = 1, float("inf")
    for threads in dict.fromkeys((1, max(1, cores // 2), cores)):
        torch.set_num_threads(threads)
        step()
        start = time.perf_counter()
        for _ in range(rounds):
            step()
        spent = time.perf_counter() - start
        if spent < 0.9 * best_time:  # more threads have to earn their place
            best, best_time = threads, spent
    torch.set_num_threads(best)
    return best
