"""What the machine at hand can do, measured in a fraction of a second: the profile ``this`` of a roofline."""

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
    """Peak arithmetic and bandwidth of a device of this machine, as a matrix product and a copy reach them.

    Args:
        name: torch device name, or ``auto`` for the fastest.

    Returns:
        A profile with ``fp32`` alone (as torch computes it by default), named ``this``.

    Raises:
        composer.core.errors.UserError: if this machine has no such device.
    """
    chosen = choose(name)
    kind = chosen.name.split(":")[0]
    size = MATRIX[kind]
    a = torch.rand(size, size, device=chosen.name)
    source = torch.empty(BYTES[kind] // 4, device=chosen.name).fill_(1.0)
    target = torch.empty_like(source)
    product = torch.empty_like(a)
    flops = 2 * size**3 / _best(lambda: torch.mm(a, a, out=product), kind)
    bandwidth = 2 * source.nbytes / _best(lambda: target.copy_(source), kind)
    memory = torch.cuda.get_device_properties(chosen.name).total_memory if kind == "cuda" else 0
    return DeviceProfile(
        "this", chosen.label, memory, bandwidth, {"fp32": flops}, "measured just now: a matrix product and a copy"
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
