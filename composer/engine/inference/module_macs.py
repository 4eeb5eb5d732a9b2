"""Multiply-adds of each module of a built model, by the rules of `cost`."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from composer.engine.inference.cost import CostMode
from composer.engine.inference.fused_attention import FusedAttention


def module_macs(model: nn.Module, inputs: Sequence[Tensor]) -> dict[nn.Module, deque[int]]:
    """Run a model once and count what happens inside each call of each of its modules.

    Args:
        model: on the meta device; it is run in evaluation mode.
        inputs: meta tensors.

    Returns:
        The multiply-adds of the whole batch of every call of every module, those of its inner modules included, in the
        order of the calls. A module that is never called, because its parent uses its weights directly, has no entry.
    """
    mode = CostMode()
    calls: dict[nn.Module, deque[int]] = {}
    started: list[int] = []
    handles = []

    def before(_module: nn.Module, _args: Any) -> None:
        started.append(mode.macs)

    def after(module: nn.Module, _args: Any, _output: Any) -> None:
        calls.setdefault(module, deque()).append(mode.macs - started.pop())

    for module in model.modules():
        handles += [module.register_forward_pre_hook(before), module.register_forward_hook(after)]
    try:
        with torch.no_grad(), mode, FusedAttention(), _shortcuts(model, mode):
            model.eval()(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return calls


@contextmanager
def _shortcuts(model: nn.Module, mode: CostMode) -> Iterator[None]:
    """Let recurrent blocks count by their own formula, because they unroll slowly on the meta device."""

    def shortcut(module: Any) -> Any:
        def forward(*args: Tensor) -> Any:
            macs = mode.macs
            output = module.meta_forward(*args)
            mode.macs = macs + module.meta_macs(*args)
            return output

        return forward

    recurrent = [module for module in model.modules() if hasattr(module, "meta_forward")]
    for module in recurrent:
        module.forward = shortcut(module)  # the attribute hides the method of the class
    try:
        yield
    finally:
        for module in recurrent:
            del module.forward
