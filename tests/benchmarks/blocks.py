"""Forward and backward of blocks against the best public implementation of the same, with the same weights and the same
results.

timm and vit-pytorch come with the extra `bench`. Weights are copied in the order of the other's parameters and outputs
compared before anything is timed; the time is CPU time on one thread. The last rows give the reason why each other
block is not measured.
"""

import ctypes
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from composer.core.blocks.catalog import read_catalog
from composer.engine.library import block_class
from tests.benchmarks.measure import Row, compare
from tests.benchmarks.pairs import DIFFERS, PAIRS, TORCH, Pair

TARGET = 1.05
ROUNDS = 8
PLACEMENTS = 3  # how often both sides are built again, at other memory addresses
SHORT, SHORT_ROUNDS = 5e-3, 100  # a step of less than this many seconds is timed more often


def declare_torchvision() -> None:
    """Let torchvision be imported beside a torch it was not built for: timm needs none of its operators, only that they
    have names.
    """
    try:
        import torchvision  # noqa: F401
    except ImportError:
        return
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)


_KEPT: list[Any] = []  # an operator lives as long as the library that defined it


def counterpart(pair: Pair) -> nn.Module:
    """Build the other implementation with perturbed parameters, so that no special initial value hides a branch."""
    module, name = pair.theirs.split(":")
    home = module if "." in module else "tests.benchmarks.pairs.counterparts"
    module = getattr(__import__(home, fromlist=[name]), name)(**pair.arguments)
    for path in pair.without:
        module.set_submodule(path, nn.Identity())
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    if pair.prepare is not None:
        pair.prepare(module)
    return module


def alike(pair: Pair, theirs: nn.Module) -> nn.Module:
    """Build our block with the parameters of the other."""
    catalog = read_catalog()
    settings = pair.ours if isinstance(pair.ours, tuple) else (pair.ours,)
    modules = [block_class(catalog[name])(**values) for name, values in zip(pair.blocks, settings, strict=True)]
    ours = modules[0] if len(modules) == 1 else pair.join(*modules)
    copy_parameters(pair, list(theirs.parameters()), dict(ours.named_parameters()))
    return ours


@torch.no_grad()
def copy_parameters(pair: Pair, given: list[Tensor], parameters: dict[str, nn.Parameter]) -> None:
    """Fill our `parameters` with the values `given`, in the pair's order.

    Raises:
        ValueError: if the order leaves out a parameter of either.
    """
    rest, filled = iter(given), set()
    for word in pair.order.split() or parameters:
        name, _, count = word.partition("*")
        values = [next(rest, None) for _ in range(int(count or 1))]
        if None in values:
            break
        value = torch.cat(values) if count else values[0]
        together = name.split("+")
        shares = value.split([len(parameters[part]) for part in together]) if len(together) > 1 else [value]
        for part, share in zip(together, shares, strict=True):
            for target in part.split("="):
                turned = (pair.rearrange or {}).get(target, nn.Identity())(share)
                parameters[target].copy_(turned.reshape(parameters[target].shape))
                filled.add(target)
    if filled != set(parameters) or next(rest, None) is not None:
        raise ValueError(
            f"{pair.block}: the order does not join {sorted(parameters)} to {[tuple(value.shape) for value in given]}"
        )


def _step(forward: Callable[..., Any], inputs: list[Tensor], module: nn.Module) -> Callable[[], float]:
    def run() -> float:
        module.zero_grad(set_to_none=True)
        for x in inputs:
            x.grad = None
        # Of the one thread alone: a busy machine makes waits of many milliseconds, which would decide the ratio of
        # blocks this small.
        start = time.process_time()
        torch.stack([output.sum() for output in _outputs(forward(*inputs))]).sum().backward()
        return time.process_time() - start

    return run


def _outputs(result: Any) -> tuple[Tensor, ...]:
    return result if isinstance(result, tuple) else (result,)


@dataclass(frozen=True)
class BuiltPair:
    """The two implementations with the same parameters, and the same inputs in each one's layout."""

    ours: nn.Module
    theirs: nn.Module
    inputs: list[Tensor]
    turned: list[Tensor]


def build(pair: Pair) -> BuiltPair:
    """Build both sides of a pair."""
    theirs = counterpart(pair)
    ours = alike(pair, theirs)
    inputs = [torch.randn(shape) for shape in pair.inputs]
    turned = [x.clone() for x in inputs]
    if pair.turn is not None:
        # The memory layout is the same for both, channels last, unless the pair declares another.
        inputs = [x if pair.contiguous or x.ndim != 4 else x.to(memory_format=torch.channels_last) for x in inputs]
        turned = [pair.turn(x.clone()) for x in inputs]
    return BuiltPair(ours, theirs, inputs, turned)


def difference(pair: Pair, two: BuiltPair) -> float:
    """Return the largest difference of the results relative to the largest result."""
    back = pair.result or pair.turn
    outputs: list[tuple[Tensor, ...]] = []
    for module, call, inputs in ((two.ours, nn.Module.__call__, two.inputs), (two.theirs, pair.call, two.turned)):
        module.train(pair.training)
        torch.manual_seed(0)
        with torch.no_grad():
            outputs.append(_outputs(call(module, *inputs)))
    most = 0.0
    for mine, theirs in zip(*outputs, strict=True):
        mine = mine if back is None else back(mine)
        most = max(most, float((mine.reshape(theirs.shape) - theirs).abs().max() / theirs.abs().max()))
    return most


def timed(pair: Pair, two: BuiltPair, name: str) -> Row:
    """Time training steps of both alternately."""
    two.ours.train(), two.theirs.train()
    for x in (*two.inputs, *two.turned):
        x.requires_grad_()
    ours = _step(two.ours, two.inputs, two.ours)
    ours()
    rounds = ROUNDS if ours() > SHORT else SHORT_ROUNDS
    return compare(
        name, ours, _step(partial(pair.call, two.theirs), two.turned, two.theirs), rounds=rounds, warm=2, target=TARGET
    )


def measured(pair: Pair) -> Row:
    """Compare results, then times."""
    torch.manual_seed(0)
    package = pair.theirs.split(":")[0].split(".")[0].replace("_", "-")
    name = f"{pair.block} {pair.label}".strip() + f" / {package}"
    two = build(pair)
    apart = difference(pair, two)
    if not apart <= 1e-4:
        return Row(name, float("nan"), float("nan"), note=f"results differ by {apart:.1e}: not timed")
    # The memory addresses of weights and inputs can change the time by 10 %; rebuilding draws new ones.
    rows = [timed(pair, two, name)]
    while len(rows) < PLACEMENTS:
        rows.append(timed(pair, build(pair), name))
    note = f"results differ by {apart:.0e}" + (f"; {pair.note}" if pair.note else "")
    return replace(min(rows, key=lambda row: row.ours), reference=min(row.reference for row in rows), note=note)


def keep_memory() -> None:
    """Make glibc keep freed memory instead of returning it to the system.

    It gives large tensors back after each step, or not, depending on what ran before; the pages' return can take half
    of a step.
    """
    trim_threshold, mmap_threshold, whole = -1, -3, 2**31 - 1
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(mmap_threshold, whole), mallopt(trim_threshold, whole)


def run() -> list[Row]:
    """Return a row for each block with a counterpart, and rows that list the others."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rows: list[Row] = []
    missing: dict[str, str] = {}
    try:
        declare_torchvision()
        keep_memory()
        for pair in PAIRS:
            try:
                rows.append(measured(pair))
            except ImportError as error:
                missing[str(error)] = f"{missing.get(str(error), '')} {pair.block}".strip()
    finally:
        torch.set_num_threads(threads)
    nothing = float("nan")
    rows += [Row("not installed", nothing, nothing, note=f"{reason}: {blocks}") for reason, blocks in missing.items()]
    return rows + others()


def others() -> list[Row]:
    """Rows for the blocks without a pair: those whose counterpart computes something else, and how many of all have
    none.
    """
    catalog = {spec.name for spec in read_catalog()}
    rest = catalog - {name for pair in PAIRS for name in pair.blocks} - set(TORCH) - set(DIFFERS)
    nothing = float("nan")
    rows = [Row(f"{block}: theirs differs", nothing, nothing, note=reason) for block, reason in DIFFERS.items()]
    for name, group in (("torch's own", TORCH), ("in neither timm, vit-pytorch nor torch", sorted(rest))):
        rows.append(Row(name, float(len(group)), float(len(catalog)), "", note=", ".join(group)))
    return rows
