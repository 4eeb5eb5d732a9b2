"""Time and peak memory of every node, measured on the real device by hooks on the built model, also inside sub-graphs.

Hooks take time themselves, so passes with hooks alternate with passes without them, and the difference is reported. All
figures are means over the same passes, the faster half, so that the times inside a sub-graph add up to no more than its
own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from composer.core.errors import DesignError, UserError
from composer.core.graph import Design
from composer.engine.analysis.timers import CudaTimes, HostTimes, PeakMemory, Seconds
from composer.engine.codegen.build import instantiate
from composer.engine.codegen.verify import example_inputs
from composer.engine.inference.infer import Inferrer
from composer.engine.inference.results import GraphResult

PASSES = 10
WARM_UP = 3
WHOLE = ""  # the path of the main graph
TOO_MUCH = ("out of memory", "can't allocate memory", "not enough memory")  # in the messages of torch's allocators


@dataclass(frozen=True, slots=True)
class Measured:
    """One node.

    Args:
        id: its path from the main graph inwards, ``stage_1/conv``.
        milliseconds: time of a forward pass, summed over the iterations of all repeats around it.
        share: its part of the time of all nodes of the main graph.
        peak_bytes: peak memory beyond that at its start; None where the device cannot measure it.
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
        nodes: each sub-graph is followed by its nodes.
        milliseconds: time of a forward pass without hooks.
        overhead: milliseconds that the hooks add to a pass; `milliseconds` and `overhead` bound the sum of the nodes.
        peak_bytes: peak memory of a pass beyond weights and inputs; None where the device cannot measure it.
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
        """Return the profile without nodes deeper than `depth`."""
        return replace(self, nodes=tuple(row for row in self.nodes if row.depth <= depth))


def profile(
    design: Design,
    *,
    device: str = "cpu",
    batch: int = 1,
    passes: int = PASSES,
    inferrer: Inferrer | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Profile:
    """Measure a design node by node, in evaluation mode.

    Args:
        design: a design without errors.
        device: torch device name.
        batch: size of the batch axis.
        passes: number of measured passes, with hooks and without.
        inferrer: its memo is used; a new one by default.
        progress: receives the share done and an empty message.

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
        return _measure(model, inputs, inference.root, target, batch, passes, progress or (lambda *_: None))
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
    passes: int,
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
    modules = list(_node_modules(root, model))
    bare: list[Seconds] = []
    hooked: list[Seconds] = []

    def one_pass() -> Seconds:
        times.enter(WHOLE)
        model(*inputs)
        times.leave()
        return times.take()

    with torch.no_grad():
        for index in range(WARM_UP + passes):
            bare.append(one_pass())
            handles = [
                handle for path, module in [(WHOLE, model), *modules] for handle in _hook(module, path, times, memory)
            ]
            try:
                hooked.append(one_pass())
            finally:
                for handle in handles:
                    handle.remove()
            progress((index + 1) / (WARM_UP + passes), "")
    spent, whole = _faster_half(hooked[WARM_UP:]), _faster_half(bare[WARM_UP:])[WHOLE]
    total = sum(spent[path] for path in spent if path != WHOLE and "/" not in path) or 1.0
    peaks = memory.peaks if memory is not None else {}
    nodes = tuple(
        Measured(path, spent[path] * 1000, spent[path] / total, peaks.get(path))
        for path in dict.fromkeys(path for path, _ in modules)
    )
    return Profile(nodes, whole * 1000, (spent[WHOLE] - whole) * 1000, peaks.get(WHOLE), str(target), batch)


def _node_modules(result: GraphResult, module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield path and module of each iteration of each built node; a sub-graph comes before its nodes."""
    for id, node_result in result.nodes.items():
        child = getattr(module, id, None)
        if child is None:
            continue
        # A list of iterations has no forward of its own: its modules are called one by one.
        parts = child if node_result.node.repeat != 1 else [child]
        for iteration, part in zip(node_result.iterations, parts, strict=True):
            yield prefix + id, part
            if isinstance(iteration, GraphResult):
                yield from _node_modules(iteration, part, f"{prefix}{id}/")


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


def _faster_half(passes: Sequence[Seconds]) -> Seconds:
    """Average the faster half of the passes, so that a pass that something else disturbed counts for no node."""
    fastest = sorted(passes, key=lambda seconds: seconds[WHOLE])[: (len(passes) + 1) // 2]
    return {path: sum(seconds[path] for seconds in fastest) / len(fastest) for path in fastest[0]}
