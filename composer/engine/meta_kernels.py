"""Output tensors of a few operations whose kernels on the meta device are slow Python references.

Batch norm takes 1.5 ms there, layer norm 0.8 ms, GELU 0.4 ms, and the first call of some imports torch's compiler for over a second. Only
the outputs' shapes matter, so they are made directly; a test holds each entry against the real kernel.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


def _like(x: Tensor, *_: Any, **__: Any) -> Tensor:
    return torch.empty_like(x)


def _layer_norm(x: Tensor, normalized: Any, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    statistics = x.new_empty((*x.shape[: x.dim() - len(normalized)], *[1] * len(normalized)))
    return torch.empty_like(x), statistics, torch.empty_like(statistics)


def _batch_norm(x: Tensor, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    count = x.shape[1] if training else 0
    return torch.empty_like(x), x.new_empty(count), x.new_empty(count)


def _addmm(bias: Tensor, a: Tensor, b: Tensor, **_: Any) -> Tensor | None:
    # Wrong sizes go to the real kernel, whose message names them.
    fits = a.dim() == 2 and b.dim() == 2 and a.shape[1] == b.shape[0] and bias.shape[-1:] in (b.shape[1:], torch.Size([1]))
    return a.new_empty(a.shape[0], b.shape[1]) if fits and a.dtype == b.dtype else None


def _binary(a: Any, b: Any, **options: Any) -> Tensor | None:
    if isinstance(b, int | float) and isinstance(a, Tensor) and (a.is_floating_point() or (isinstance(b, int) and a.dtype == torch.int64)):
        return torch.empty_like(a)
    if not isinstance(a, Tensor) or not isinstance(b, Tensor) or a.dtype != b.dtype or options.keys() - {"alpha"}:
        return None  # promotion of dtypes is the real kernel's business
    if a.shape == b.shape:
        return torch.empty_like(a)
    try:
        shape = torch.broadcast_shapes(a.shape, b.shape)
    except RuntimeError:
        return None
    return a.new_empty(shape)


def _compare(a: Tensor, b: Any) -> Tensor | None:
    if isinstance(b, Tensor) and b.shape != a.shape:
        try:
            return a.new_empty(torch.broadcast_shapes(a.shape, b.shape), dtype=torch.bool)
        except RuntimeError:
            return None
    return torch.empty_like(a, dtype=torch.bool)


def _masked_fill(x: Tensor, mask: Tensor, _: Any) -> Tensor | None:
    return x.new_empty(torch.broadcast_shapes(x.shape, mask.shape))


def _cat(tensors: Any, dim: int = 0) -> Tensor | None:
    first = tensors[0]
    axis = dim % max(1, first.dim())
    if any(t.dim() != first.dim() or t.dtype != first.dtype for t in tensors):
        return None
    if any(t.shape[:axis] != first.shape[:axis] or t.shape[axis + 1 :] != first.shape[axis + 1 :] for t in tensors):
        return None
    return first.new_empty((*first.shape[:axis], sum(t.shape[axis] for t in tensors), *first.shape[axis + 1 :]))


def _mean(x: Tensor, dim: Any = None, keepdim: bool = False, **options: Any) -> Tensor | None:
    if not dim or options or not x.is_floating_point():
        return None
    axes = {axis % x.dim() for axis in dim}
    return x.new_empty([1 if axis in axes else size for axis, size in enumerate(x.shape) if keepdim or axis not in axes])


def _where(mask: Tensor, a: Tensor, b: Tensor) -> Tensor | None:
    if a.dtype != b.dtype:
        return None
    try:
        return a.new_empty(torch.broadcast_shapes(mask.shape, a.shape, b.shape))
    except RuntimeError:
        return None


def _in_place(x: Tensor, *_: Any, **__: Any) -> Tensor:
    return x


KERNELS: dict[Any, Callable[..., Any]] = {
    aten.native_layer_norm.default: _layer_norm,
    aten.native_batch_norm.default: _batch_norm,
    aten.addmm.default: _addmm,
    aten._safe_softmax.default: _like,
    aten._softmax.default: _like,
    aten.gelu.default: _like,
    aten.relu.default: _like,
    aten.silu.default: _like,
    aten.sigmoid.default: _like,
    aten.roll.default: _like,
    aten.bitwise_not.default: _like,
    aten.add.Tensor: _binary,
    aten.sub.Tensor: _binary,
    aten.mul.Tensor: _binary,
    aten.add.Scalar: _binary,
    aten.sub.Scalar: _binary,
    aten.mul.Scalar: _binary,
    aten.remainder.Scalar: _binary,
    **{getattr(aten, name).Scalar: _compare for name in ("ge", "gt", "le", "lt", "eq", "ne")},
    **{getattr(aten, name).Tensor: _compare for name in ("ge", "gt", "le", "lt", "eq", "ne")},
    aten.masked_fill.Scalar: _masked_fill,
    aten.cat.default: _cat,
    aten.mean.dim: _mean,
    aten.where.self: _where,
    aten.uniform_.default: _in_place,
    aten.normal_.default: _in_place,
    aten.fill_.Scalar: _in_place,
}


class MetaMode(TorchDispatchMode):
    """Runs operations with the kernels above; used while a module is made on the meta device."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # True (the default) wraps every call in torch._dynamo.disable, whose import alone takes over a second; nothing here is compiled.
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kernel = KERNELS.get(func)
        out = kernel(*args, **(kwargs or {})) if kernel is not None else None
        return func(*args, **(kwargs or {})) if out is None else out
