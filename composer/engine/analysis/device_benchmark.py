"""The roofline profile ``this``: peak arithmetic and bandwidth of this machine, measured in a fraction of a second."""

import time
from collections.abc import Callable

import torch

from composer.core.device_profiles import DeviceProfile
from composer.engine.device import choose

# Large enough that the arithmetic outweighs the call, small enough for a laptop.
MATRIX = {"cpu": 1024, "cuda": 8192, "mps": 4096}
BYTES = {"cpu": 128 * 10**6, "cuda": 10**9, "mps": 512 * 10**6}  # beyond every cache
TRIES = 5


def measure_profile(name: str = "auto") -> DeviceProfile:
    """Measure peak arithmetic by a matrix product, and bandwidth by a copy, on a device of this machine.

    Args:
        name: torch device name, or ``auto`` for the fastest.

    Returns:
        A profile named ``this`` with ``fp32`` only, as torch computes it by default.

    Raises:
        composer.core.errors.UserError: if this machine has no such device.
    """
    device = choose(name)
    kind = device.name.split(":")[0]
    size = MATRIX[kind]
    a = torch.rand(size, size, device=device.name)
    source = torch.empty(BYTES[kind] // 4, device=device.name).fill_(1.0)
    target = torch.empty_like(source)
    product = torch.empty_like(a)
    flops = 2 * size**3 / _best(lambda: torch.mm(a, a, out=product), kind)
    bandwidth = 2 * source.nbytes / _best(lambda: target.copy_(source), kind)
    memory = torch.cuda.get_device_properties(device.name).total_memory if kind == "cuda" else 0
    return DeviceProfile(
        "this", device.label, memory, bandwidth, {"fp32": flops}, "measured just now: a matrix product and a copy"
    )


def _best(work: Callable[[], object], kind: str) -> float:
    work()
    times = []
    for _ in range(TRIES):
        _wait(kind)
        start = time.perf_counter()
        work()
        _wait(kind)
        times.append(time.perf_counter() - start)
    return min(times)


def _wait(kind: str) -> None:
    if kind == "cuda":
        torch.cuda.synchronize()
    elif kind == "mps":
        torch.mps.synchronize()
