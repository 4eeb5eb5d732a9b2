"""Measured time and peak memory of every node on the real device, in sub-graphs too, by hooks on the built model.

Hooks cost time of their own, so the whole is measured in passes without them, in turn with those that have them, and the difference
is reported. All figures are means over the same passes, the faster half: times inside a sub-graph add up to no more than its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from composer.core.errors import DesignError, UserError
from composer.core.graph import Design
from composer.engine.analysis.timers import CudaTimes, Found, HostTimes, PeakMemory
from composer.engine.codegen.build import instantiate
from composer.engine.codegen.verify import example_inputs
from composer.engine.inference.infer import Inferrer
from composer.engine.inference.results import GraphResult

ROUNDS = 10
WARM_UP = 3
WHOLE = ""  # the path of the main graph
TOO_MUCH = ("out of memory", "can't allocate memory", "not enough memory")  # how torch's allocators say it


@dataclass(frozen=True, slots=True)
class Measured:
    """One node.

    Args:
        id: its path from the main graph inwards, ``stage_1/conv``.
        milliseconds: time of a forward pass, the rounds of all repeats that it is in added.
        share: of the time of all nodes of the main graph.
        peak_bytes: the most that it held at once beyond what was held when it began; None where the device cannot say.
    """

    id: str
    milliseconds: float
    share: float
    peak_bytes: int | None

    @property
    def depth(self) -> int:
        """1 for a node of the main graph, 2 for one in a sub-graph of it, and so on."""
        return self.id.count("/") + 1


@dataclass(frozen=True, slots=True)
class Profile:
    """All nodes, and the whole pass.

    Args:
        nodes: a sub-graph is followed by what is in it.
        milliseconds: time of a forward pass without hooks.
        overhead: milliseconds that the hooks add to a pass; the nodes of the main graph take no longer than the two together.
        peak_bytes: the most that a pass held at once beyond weights and inputs; None where the device cannot say.
        device: torch device name.
        batch: size of the batch axis.
    """

    nodes: tuple[Measured, ...]
    milliseconds: float
    overhead: float
    peak_bytes: int | None
    device: str
    batch: int

    def to_depth(self, depth: int) -> "Profile":
        """Without what lies deeper than `depth`."""
        return replace(self, nodes=tuple(row for row in self.nodes if row.depth <= depth))


def profile(
    design: Design,
    *,
    device: str = "cpu",
    batch: int = 1,
    rounds: int = ROUNDS,
    inferrer: Inferrer | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Profile:
    """Measure a design node by node, in evaluation mode.

    Args:
        design: a design without errors.
        device: torch device name.
        batch: size of the batch axis.
        rounds: number of measured passes, with hooks and without.
        inferrer: its memo is used; a new one by default.
        progress: is told the share done.

    Returns:
        The `Profile`.

    Raises:
        DesignError: if the design has errors.
        UserError: if a pass does not fit into the device's memory.
    """
    inference = (inferrer or Inferrer()).infer(design, batch)
    if inference.errors:
        raise DesignError(inference.errors[0])
    target = torch.device(device)
    try:
        model = instantiate(inference, seed=0).to(target).eval()
        inputs = [tensor.to(target) for tensor in example_inputs(inference).values()]
        return _measure(model, inputs, inference.root, target, batch, rounds, progress or (lambda *_: None))
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in TOO_MUCH):
            raise UserError(
                f"a pass at batch {batch} does not fit into the memory of {target}; choose a smaller batch"
            ) from None
        raise


def _measure(
    model: nn.Module,
    inputs: Sequence[Tensor],
    root: GraphResult,
    target: torch.device,
    batch: int,
    rounds: int,
    progress: Callable[[float, str], None],
) -> Profile:
    times = (
        CudaTimes(target)
        if target.type == "cuda"
        else HostTimes(torch.mps.synchronize)
        if target.type == "mps"
        else HostTimes()
    )
    memory = PeakMemory.of_cuda(target) if target.type == "cuda" else None
    places = list(_places(root, model))
    bare: list[Found] = []
    hooked: list[Found] = []

    def one_pass() -> Found:
        times.enter(WHOLE)
        model(*inputs)
        times.leave()
        return times.take()

    with torch.no_grad():
        for index in range(WARM_UP + rounds):
            bare.append(one_pass())
            handles = [
                handle for path, module in [(WHOLE, model), *places] for handle in _hook(module, path, times, memory)
            ]
            try:
                hooked.append(one_pass())
            finally:
                for handle in handles:
                    handle.remove()
            progress((index + 1) / (WARM_UP + rounds), "")
    spent, whole = _faster_half(hooked[WARM_UP:]), _faster_half(bare[WARM_UP:])[WHOLE]
    total = sum(spent[path] for path in spent if path != WHOLE and "/" not in path) or 1.0
    peaks = memory.found if memory is not None else {}
    nodes = tuple(
        Measured(path, spent[path] * 1000, spent[path] / total, peaks.get(path))
        for path in dict.fromkeys(path for path, _ in places)
    )
    return Profile(nodes, whole * 1000, (spent[WHOLE] - whole) * 1000, peaks.get(WHOLE), str(target), batch)


def _places(result: GraphResult, module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Path and module of each round of each node that leads to an output, a sub-graph before what is in it."""
    for id, found in result.nodes.items():
        made = getattr(module, id, None)
        if made is None:
            continue
        # A list of rounds has no forward of its own: they are called one by one.
        for round_, part in zip(found.iterations, made if found.node.repeat != 1 else [made], strict=True):
            yield prefix + id, part
            if isinstance(round_, GraphResult):
                yield from _places(round_, part, f"{prefix}{id}/")


def _hook(module: nn.Module, path: str, times: HostTimes | CudaTimes, memory: PeakMemory | None) -> list[Any]:
    def enter(*_: object) -> None:
        if memory is not None:
            memory.enter(path)
        if path != WHOLE:  # which is timed from outside
            times.enter(path)

    def leave(*_: object) -> None:
        if path != WHOLE:
            times.leave()
        if memory is not None:
            memory.leave()

    return [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]


def _faster_half(passes: Sequence[Found]) -> Found:
    """Means over the passes whose whole was fastest: a pass that something else disturbed counts for no node."""
    chosen = sorted(passes, key=lambda found: found[WHOLE])[: (len(passes) + 1) // 2]
    return {path: sum(found[path] for found in chosen) / len(chosen) for path in chosen[0]}
