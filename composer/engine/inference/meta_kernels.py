"""Fast kernels for the meta device: outputs of operations for which torch runs slow Python references there.

In torch, batch norm takes 1.5 ms on meta, layer norm 0.8 ms, GELU 0.4 ms, and the first call of some imports torch's
compiler (a second, 70 MB) or sympy (0.3 s, 40 MB). Only shapes, dtypes and strides matter, so the outputs are made
directly. A kernel that returns None leaves the case to torch. Tests compare each entry with torch's kernel, standalone
and in every block.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


def _row_major(*tensors: Any) -> bool:
    """Return whether all are contiguous tensors: only then is the output of most operations contiguous too."""
    return all(isinstance(tensor, Tensor) and tensor.is_contiguous() for tensor in tensors)


def _like(x: Tensor, *_: Any, **options: Any) -> Tensor | None:
    """Return a tensor with the axes of `x` in the same order in memory; torch.empty_like is slow on meta too."""
    if options:
        return None
    if x.is_contiguous():
        return x.new_empty(x.shape)
    source_strides = x.stride()
    if not all(source_strides):  # expanded
        return None
    strides, step = [0] * x.dim(), 1
    for axis in sorted(range(x.dim()), key=source_strides.__getitem__):
        strides[axis], step = step, step * x.shape[axis]
    return x.new_empty_strided(x.shape, strides)


def _filled_like(x: Tensor, memory_format: Any = None, **options: Any) -> Tensor | None:
    plain = memory_format in (None, torch.preserve_format) and all(value in (None, False) for value in options.values())
    return _like(x) if plain else None


def _floating(x: Tensor, *values: Any, **options: Any) -> Tensor | None:
    """As `_like`, for operations whose output is floating-point also for integers."""
    plain = x.is_floating_point() and not any(isinstance(value, Tensor | complex | torch.dtype) for value in values)
    return _like(x, **options) if plain else None


def _softmax(x: Tensor, _dim: int, *options: Any, **__: Any) -> Tensor | None:
    return x.new_empty(x.shape) if x.is_floating_point() and x.is_contiguous() and not any(options) else None


def _layer_norm(x: Tensor, normalized: Any, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    statistics = (*x.shape[: x.dim() - len(normalized)], *[1] * len(normalized))
    # The outputs are contiguous whatever the strides of x.
    return x.new_empty(x.shape), x.new_empty(statistics), x.new_empty(statistics)


def _batch_norm(
    x: Tensor, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, *_: Any
) -> tuple[Tensor, Tensor, Tensor] | None:
    if not _row_major(x):
        return None
    count = x.shape[1] if training else 0
    return x.new_empty(x.shape), x.new_empty(count), x.new_empty(count)


def _window_counts(
    x: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool = False
) -> list[int]:
    """Return the number of window positions along each spatial axis; an option with one value applies to all axes."""
    axes = len(kernel)
    step, pad, hole = (list(option) * axes if len(option) == 1 else option for option in (stride, padding, dilation))
    sizes = []
    for axis in range(axes):
        free = x.shape[axis - axes] + 2 * pad[axis] - hole[axis] * (kernel[axis] - 1) - 1
        count = free // step[axis] + 1
        # With ceil_mode a last window may start within the map or its left padding, never in the right padding.
        if ceil_mode and free % step[axis] and count * step[axis] < x.shape[axis - axes] + pad[axis]:
            count += 1
        sizes.append(count)
    return sizes


def _convolution(
    x: Tensor,
    weight: Tensor,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    _: Any,
    groups: int,
) -> Tensor | None:
    # Wrong arguments go to torch's kernel, whose message names them.
    if transposed or not _row_major(weight) or x.dim() != weight.dim() or x.dtype != weight.dtype:
        return None
    if x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        return None
    sizes = _window_counts(x, weight.shape[2:], stride, padding, dilation)
    if x.is_contiguous():
        return x.new_empty((x.shape[0], weight.shape[0], *sizes)) if min(sizes) > 0 else None
    return _map_like(x, weight.shape[0], sizes)


def _pool(x: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Tensor | None:
    kernel = list(kernel) * 2 if len(kernel) == 1 else kernel
    padding = list(padding) * 2 if len(padding) == 1 else padding
    # Wrong arguments go to torch's kernel, whose message names them.
    if x.dim() != 4 or any(2 * pad > size for pad, size in zip(padding, kernel, strict=True)):
        return None
    return _map_like(x, x.shape[1], _window_counts(x, kernel, stride or kernel, padding, dilation, ceil_mode))


def _map_like(x: Tensor, channels: int, sizes: list[int]) -> Tensor | None:
    """Return a map of another size in the memory format of `x`."""
    if min(sizes) < 1:
        return None
    shape = (x.shape[0], channels, *sizes)
    channels_last = x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last)
    if x.is_contiguous():
        # A map with one pixel or one channel has both formats, and torch's kernel chooses.
        return None if channels_last else x.new_empty(shape)
    return x.new_empty(shape).contiguous(memory_format=torch.channels_last) if channels_last else None


def _avg_pool(
    x: Tensor,
    kernel: Any,
    stride: Any = (),
    padding: Any = (0,),
    ceil_mode: bool = False,
    _count: bool = True,
    divisor: Any = None,
) -> Tensor | None:
    return _pool(x, kernel, stride, padding, (1,), ceil_mode) if divisor is None else None


def _max_pool(
    x: Tensor, kernel: Any, stride: Any = (), padding: Any = (0,), dilation: Any = (1,), ceil_mode: bool = False
) -> tuple[Tensor, Tensor] | None:
    out = _pool(x, kernel, stride, padding, dilation, ceil_mode)
    return None if out is None else (out, out.new_empty_strided(out.shape, out.stride(), dtype=torch.int64))


def _topk(x: Tensor, k: int, dim: int = -1, *_: Any) -> tuple[Tensor, Tensor] | None:
    axis = dim % max(1, x.dim())
    if not x.dim() or not _row_major(x) or not 0 <= k <= x.shape[axis]:
        return None
    shape = (*x.shape[:axis], k, *x.shape[axis + 1 :])
    return x.new_empty(shape), x.new_empty(shape, dtype=torch.int64)


def _index_select(x: Tensor, dim: int, index: Tensor) -> Tensor | None:
    axis = dim % max(1, x.dim())
    if index.dim() != 1 or not x.dim() or not _row_major(x):
        return None
    return x.new_empty((*x.shape[:axis], index.shape[0], *x.shape[axis + 1 :]))


def _matmul(a: Tensor, b: Tensor) -> Tensor | None:
    fits = a.dtype == b.dtype and a.dim() == b.dim() and a.shape[:-2] == b.shape[:-2] and a.shape[-1] == b.shape[-2]
    return a.new_empty((*a.shape[:-1], b.shape[-1])) if fits else None


def _addmm(bias: Tensor, a: Tensor, b: Tensor, **_: Any) -> Tensor | None:
    # Wrong sizes go to torch's kernel, whose message names them.
    fits = (
        a.dim() == 2 and b.dim() == 2 and a.shape[1] == b.shape[0] and bias.shape[-1:] in (b.shape[1:], torch.Size([1]))
    )
    return a.new_empty(a.shape[0], b.shape[1]) if fits and a.dtype == b.dtype else None


def _determines_order(x: Tensor) -> bool:
    """Return whether the strides of a first operand alone determine the axis order: distinct and not 0."""
    strides = [stride for stride, size in zip(x.stride(), x.shape, strict=True) if size > 1]
    return all(x.stride()) and len(set(strides)) == len(strides)


def _binary(a: Any, b: Any, **options: Any) -> Tensor | None:
    if options.keys() - {"alpha"} or not isinstance(a, Tensor):
        return None
    if isinstance(b, int | float):
        return _like(a) if a.is_floating_point() or (isinstance(b, int) and a.dtype == torch.int64) else None
    if not isinstance(b, Tensor) or a.dtype != b.dtype:
        return None  # torch promotes the dtypes
    return _elementwise(a, b)


def _binary_or_mask(a: Any, b: Any, **options: Any) -> Tensor | None:
    """As `_binary`, for operations in which a bool operand counts as 0 and 1."""
    has_mask = isinstance(a, Tensor) and isinstance(b, Tensor) and b.dtype == torch.bool != a.dtype
    return _elementwise(a, b) if has_mask and not options else _binary(a, b, **options)


def _elementwise(a: Tensor, b: Tensor) -> Tensor | None:
    if a.shape == b.shape and (a.stride() == b.stride() or _determines_order(a)):
        return _like(a)
    if a.is_contiguous() and _fits_into(b.shape, a.shape):
        return a.new_empty(a.shape)  # the first operand determines the order of axes
    return _broadcast(a, b) if _row_major(a, b) else None


def _broadcast(*tensors: Tensor) -> Tensor | None:
    # Contiguous if all operands are: torch orders the axes by the strides of those that are not expanded.
    shape = _broadcast_shape(*(tensor.shape for tensor in tensors)) if _row_major(*tensors) else None
    return None if shape is None else tensors[0].new_empty(shape)


def _broadcast_shape(*shapes: torch.Size) -> list[int] | None:
    """Return the broadcast shape, None if there is none; torch.broadcast_shapes is slow and imports sympy."""
    reversed_shape: list[int] = []
    for axis in range(1, 1 + max(len(shape) for shape in shapes)):
        sizes = {shape[-axis] for shape in shapes if len(shape) >= axis} - {1}
        if len(sizes) > 1:
            return None
        reversed_shape.append(sizes.pop() if sizes else 1)
    return reversed_shape[::-1]


def _quotient(a: Any, b: Any, **options: Any) -> Tensor | None:
    return _binary(a, b) if not options and isinstance(a, Tensor) and a.is_floating_point() else None


def _addcmul(a: Tensor, b: Tensor, c: Tensor, **_: Any) -> Tensor | None:
    # As in `_binary`, the first operand determines the strides.
    if not _row_major(a) or not a.dtype == b.dtype == c.dtype:
        return None
    return a.new_empty(a.shape) if _fits_into(b.shape, a.shape) and _fits_into(c.shape, a.shape) else None


def _fits_into(shape: torch.Size, full: torch.Size) -> bool:
    """Return whether broadcasting expands a shape to `full`."""
    return len(shape) <= len(full) and all(s in (1, f) for s, f in zip(reversed(shape), reversed(full), strict=False))


def _compare(a: Tensor, b: Any) -> Tensor | None:
    if isinstance(b, Tensor):
        wide = _broadcast(a, b) if _row_major(a, b) else None
        return None if wide is None else wide.new_empty(wide.shape, dtype=torch.bool)
    return a.new_empty(a.shape, dtype=torch.bool) if _row_major(a) else None


def _masked_fill(x: Tensor, mask: Tensor, _: Any) -> Tensor | None:
    shape = _broadcast_shape(x.shape, mask.shape)
    return None if shape is None else x.new_empty(shape)  # contiguous whatever the strides of x


def _cat(tensors: Any, dim: int = 0) -> Tensor | None:
    first = tensors[0]
    axis = dim % max(1, first.dim())
    # Maps may stay in channels-last format; everything else becomes contiguous.
    if (first.dim() in (4, 5) and not _row_major(*tensors)) or any(
        t.dim() != first.dim() or t.dtype != first.dtype for t in tensors
    ):
        return None
    if any(t.shape[:axis] != first.shape[:axis] or t.shape[axis + 1 :] != first.shape[axis + 1 :] for t in tensors):
        return None
    return first.new_empty((*first.shape[:axis], sum(t.shape[axis] for t in tensors), *first.shape[axis + 1 :]))


def _stack(tensors: Any, dim: int = 0) -> Tensor | None:
    first = tensors[0]
    if not _row_major(*tensors) or any(t.shape != first.shape or t.dtype != first.dtype for t in tensors):
        return None
    shape = list(first.shape)
    shape.insert(dim % (first.dim() + 1), len(tensors))
    return first.new_empty(shape)


def _mean(x: Tensor, dim: Any = None, keepdim: bool = False, **options: Any) -> Tensor | None:
    if not dim or options or not x.is_floating_point():
        return None
    # The output of a reduction is contiguous whatever the strides of x.
    axes = {axis % x.dim() for axis in dim}
    return x.new_empty(
        [1 if axis in axes else size for axis, size in enumerate(x.shape) if keepdim or axis not in axes]
    )


def _amax(x: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor | None:
    return _mean(x, dim, keepdim)


def _vector_norm(x: Tensor, _order: Any = 2, dim: Any = None, keepdim: bool = False, **options: Any) -> Tensor | None:
    return _mean(x, dim, keepdim, **options)


def _argmax(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor | None:
    values = _mean(x, (dim,), keepdim) if dim is not None else None
    return None if values is None else values.new_empty(values.shape, dtype=torch.int64)


def _arange(end: Any, dtype: Any = None, device: Any = None, **_: Any) -> Tensor | None:
    plain = isinstance(end, int) and end >= 0 and dtype in (None, torch.int64)
    return torch.empty(end, dtype=torch.int64, device="meta") if plain and str(device) == "meta" else None


def _repeat(x: Tensor, times: Any) -> Tensor | None:
    sizes = (*[1] * (len(times) - x.dim()), *x.shape)
    return x.new_empty([size * count for size, count in zip(sizes, times, strict=True)]) if _row_major(x) else None


def _gather(x: Tensor, _dim: int, index: Tensor, **options: Any) -> Tensor | None:
    return x.new_empty(index.shape) if not options and _row_major(x, index) else None


def _scatter(x: Tensor, _dim: int, index: Tensor, *_: Any) -> Tensor | None:
    fits = index.dim() == x.dim() and all(a <= b for a, b in zip(index.shape, x.shape, strict=True))
    return x.new_empty(x.shape) if fits and _row_major(x, index) else None


def _where(mask: Tensor, a: Tensor, b: Tensor) -> Tensor | None:
    if a.dtype != b.dtype or not _row_major(mask, a, b):
        return None
    wide = _broadcast(mask, a, b)
    return None if wide is None else a.new_empty(wide.shape)


def _clone(x: Tensor, memory_format: Any = torch.preserve_format) -> Tensor | None:
    if memory_format is torch.contiguous_format:
        return x.new_empty(x.shape)
    return _like(x) if memory_format is torch.preserve_format else None


def _add_in_place(x: Tensor, other: Any, **_: Any) -> Tensor | None:
    return x if not isinstance(other, Tensor) or (x.dtype == other.dtype and _fits_into(other.shape, x.shape)) else None


def _in_place(x: Tensor, *_: Any, **__: Any) -> Tensor:
    return x


KERNELS: dict[Any, Callable[..., Any]] = {
    aten.native_layer_norm.default: _layer_norm,
    aten.native_batch_norm.default: _batch_norm,
    aten.addmm.default: _addmm,
    aten.convolution.default: _convolution,
    aten.max_pool2d_with_indices.default: _max_pool,
    aten.avg_pool2d.default: _avg_pool,
    aten.zeros_like.default: _filled_like,
    aten.ones_like.default: _filled_like,
    aten.topk.default: _topk,
    aten.index_select.default: _index_select,
    aten.clone.default: _clone,
    aten.add_.Tensor: _add_in_place,
    aten.mul_.Tensor: _add_in_place,
    aten.mm.default: _matmul,
    aten.bmm.default: _matmul,
    aten._safe_softmax.default: _softmax,
    aten._softmax.default: _softmax,
    **{
        getattr(aten, name).default: _floating
        for name in "gelu relu silu sigmoid tanh hardswish hardsigmoid elu leaky_relu".split()
    },
    **{
        getattr(aten, name).default: _floating
        for name in "abs exp sin cos sqrt rsqrt neg clamp clamp_min clamp_max".split()
    },
    aten.pow.Tensor_Scalar: _floating,
    aten.roll.default: _like,
    aten.bitwise_not.default: _like,
    aten.add.Tensor: _binary_or_mask,
    aten.sub.Tensor: _binary,
    aten.mul.Tensor: _binary_or_mask,
    aten.div.Tensor: _quotient,
    aten.addcmul.default: _addcmul,
    aten.add.Scalar: _binary,
    aten.sub.Scalar: _binary,
    aten.mul.Scalar: _binary,
    aten.remainder.Scalar: _binary,
    **{getattr(aten, name).Scalar: _compare for name in ("ge", "gt", "le", "lt", "eq", "ne")},
    **{getattr(aten, name).Tensor: _compare for name in ("ge", "gt", "le", "lt", "eq", "ne")},
    aten.masked_fill.Scalar: _masked_fill,
    aten.cat.default: _cat,
    aten.stack.default: _stack,
    aten.mean.dim: _mean,
    aten.amax.default: _amax,
    aten.linalg_vector_norm.default: _vector_norm,
    aten.argmax.default: _argmax,
    aten.arange.default: _arange,
    aten.repeat.default: _repeat,
    aten.gather.default: _gather,
    aten.scatter.value: _scatter,
    aten.scatter.src: _scatter,
    aten.where.self: _where,
    aten.sigmoid_.default: _in_place,
    aten.tanh_.default: _in_place,
    aten.bernoulli_.float: _in_place,
    aten.div_.Scalar: _in_place,
    aten.uniform_.default: _in_place,
    aten.normal_.default: _in_place,
    aten.fill_.Scalar: _in_place,
}


class MetaMode(TorchDispatchMode):
    """Runs operations with the kernels of this module."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # True, the default, wraps every call in torch._dynamo.disable, whose import takes over a second; nothing here
        # is compiled.
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kernel = KERNELS.get(func)
        out = kernel(*args, **(kwargs or {})) if kernel is not None else None
        return func(*args, **(kwargs or {})) if out is None else out
