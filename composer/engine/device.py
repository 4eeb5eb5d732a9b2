"""The devices of this machine, and the selection of one."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil
import torch

from composer.core.errors import UserError

SHORT_STEP = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Device:
    """A device.

    Attributes:
        name: torch's name, such as ``cpu``, ``cuda:0`` or ``mps``.
        label: name that the window shows.
    """

    name: str
    label: str


def cpu_cores() -> int:
    """Return the number of cores that this process may use; in a container fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available() -> list[Device]:
    """Return the devices of this machine, the fastest first."""
    result = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        properties = torch.cuda.get_device_properties(index)
        result.append(Device(f"cuda:{index}", f"{properties.name} ({properties.total_memory / 2**30:.0f} GB)"))
    if torch.backends.mps.is_available():
        result.append(Device("mps", "Apple GPU"))
    cores = cpu_cores()
    result.append(Device("cpu", f"CPU ({cores} core{'s' if cores != 1 else ''})"))
    return result


def choose(name: str = "auto") -> Device:
    """Return the device that a user selected.

    Args:
        name: ``auto`` (the fastest there is), ``cpu``, ``cuda`` (the first GPU), ``cuda:N`` or ``mps``.

    Raises:
        UserError: if this machine has no such device; the message lists those it has.
    """
    devices = available()
    torch_name = {"auto": devices[0].name, "cuda": "cuda:0"}.get(name, name)
    for device in devices:
        if device.name == torch_name:
            return device
    names = ", ".join(device.name for device in devices)
    if torch_name.startswith("cuda") and not torch.cuda.is_available():
        why = (
            "this torch was built without CUDA"
            if torch.version.cuda is None
            else "no NVIDIA GPU or driver was detected"
        )
        raise UserError(f"device {name!r} is not available: {why}; available: {names}")
    raise UserError(f"device {name!r} is not available; choose auto or one of: {names}")


def devices() -> list[dict[str, str]]:
    """Return `available` as plain JSON values."""
    return [{"name": device.name, "label": device.label} for device in available()]


def memory_used(device: torch.device) -> int:
    """Return the most bytes that tensors have taken on a device so far; on a CPU, what the process takes now."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if device.type == "mps":
        return torch.mps.driver_allocated_memory()
    return int(psutil.Process().memory_info().rss)


def tune_threads(step: Callable[[], object], runs: int = 3) -> int:
    """Set torch to the number of CPU threads with which a training step is fastest now, and return it.

    It is measured, because small networks gain little from a second thread, and on a busy machine threads that wait for
    each other can be ten times slower than a single one. A number that the user set by OMP_NUM_THREADS is not changed.

    Args:
        step: runs one typical step, without side effects; it has run before, so that nothing happens for the first
            time.
        runs: number of further steps that are timed if a step is short; of a long one, the first tells enough.
    """
    if "OMP_NUM_THREADS" in os.environ:
        return torch.get_num_threads()
    cores = cpu_cores()
    durations: dict[int, float] = {}
    for threads in sorted({1, max(1, cores // 2), cores}, reverse=True):
        torch.set_num_threads(threads)
        durations[threads] = _duration(step)
        if durations[threads] < SHORT_STEP:
            durations[threads] = sum(_duration(step) for _ in range(runs)) / runs
    best = 1
    for threads in sorted(durations):
        if durations[threads] < 0.9 * durations[best]:  # more threads must be clearly faster
            best = threads
    torch.set_num_threads(best)
    return best


def _duration(step: Callable[[], object]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start
