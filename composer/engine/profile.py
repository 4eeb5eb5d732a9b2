"""Measured time and peak memory of every node on the real device, by hooks on the built model."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from composer.core.errors import DesignError
from composer.core.graph import Design
from composer.engine.build import build
from composer.engine.infer import Inferrer
from composer.engine.verify import example_inputs

ROUNDS = 10
WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """One node: median time of a forward pass in milliseconds, share of the whole, and memory it allocated at its peak (CUDA only)."""

    id: str
    milliseconds: float
    share: float
    peak_bytes: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """All nodes, and the whole pass."""

    nodes: tuple[Measured, ...]
    milliseconds: float
    device: str
    batch: int


def profile(
    design: Design, *, device: str = "cpu", batch: int = 1, rounds: int = ROUNDS, progress: Callable[[float, str], None] | None = None
) -> Profile:
    """Measure a design node by node, in evaluation mode.

    Args:
        design: a design without errors.
        device: torch device name.
        batch: size of the batch axis.
        rounds: number of measured passes.
        progress: is told the share done.

    Raises:
        DesignError: if the design has errors.
    """
    inference = Inferrer().infer(design, batch)
    if inference.errors:
        raise DesignError(inference.errors[0])
    target = torch.device(device)
    model = build(design, seed=0).to(target).eval()
    inputs = [tensor.to(target) for tensor in example_inputs(inference).values()]
    cuda = target.type == "cuda"
    starts: dict[str, float] = {}
    passes: list[dict[str, float]] = []
    peaks: dict[str, int] = {}
    before: dict[str, int] = {}

    def now() -> float:
        if cuda:
            torch.cuda.synchronize(target)  # the price of a time per node: the device idles between nodes
        return time.perf_counter()

    def enter(name: str) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            if cuda:
                torch.cuda.reset_peak_memory_stats(target)
                before[name] = torch.cuda.memory_allocated(target)
            starts[name] = now()

        return hook

    def leave(name: str) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            spent = (now() - starts[name]) * 1000
            passes[-1][name] = passes[-1].get(name, 0.0) + spent
            if cuda:
                peaks[name] = max(peaks.get(name, 0), torch.cuda.max_memory_allocated(target) - before[name])

        return hook

    handles = []
    for name, module in model.named_children():
        # A list of rounds has no forward of its own: they are called one by one, and their times are added.
        for part in module if isinstance(module, nn.ModuleList) else (module,):
            handles += [part.register_forward_pre_hook(enter(name)), part.register_forward_hook(leave(name))]
    whole: list[float] = []
    try:
        with torch.no_grad():
            for index in range(WARM_UP + rounds):
                passes.append({})
                start = now()
                model(*inputs)
                if index >= WARM_UP:
                    whole.append((now() - start) * 1000)
                if progress is not None:
                    progress((index + 1) / (WARM_UP + rounds), "")
    finally:
        for handle in handles:
            handle.remove()
    measured = passes[WARM_UP:]
    medians = {name: statistics.median(found[name] for found in measured) for name in measured[0]}
    total = sum(medians.values()) or 1.0
    rows = tuple(Measured(name, value, value / total, peaks.get(name) if cuda else None) for name, value in medians.items())
    return Profile(rows, statistics.median(whole), str(target), batch)
