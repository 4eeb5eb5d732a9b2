"""Measure the costs of a module on meta tensors, by these rules:

- 1 MAC is one multiply-add, which vision papers print as "FLOPs"; FLOPs here are 2 per MAC.
- Counted: matrix products, convolutions and scaled dot-product attention, with torch's own formulas. Not counted:
  element-wise operations, bias, normalization, activation, pooling, softmax, FFT; these are listed by name with their
  number of calls.
- Counting runs on the meta device, because torch's counter gives 0 for attention on CPU tensors (pytorch#195460).
- Activation bytes are the unique storages saved for backward in training mode, without parameters and buffers.
  Attention saves what the fused kernels of devices save, not the attention matrix. Recurrent blocks save what torch's
  own cells save at each step; a vendor's library may save more.
- Moved bytes are read and written by the operations as eager torch runs them, one by one (no fusion, no cache),
  parameters included; views move nothing. FLOPs divided by moved bytes is the arithmetic intensity.
- Working bytes are the inputs and outputs of the largest single operation, without parameters: the least that inference
  holds.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import flop_registry

from composer.core.blocks.roles import DROPOUT
from composer.engine.inference.fused_attention import FUSED, FusedAttention, fused_flops, fused_output
from composer.engine.inference.meta_kernels import KERNELS, MetaMode

# Operations that move or describe data without computing: they are not listed as uncounted.
_FREE = frozenset(
    """
    view _unsafe_view reshape transpose t permute expand detach clone contiguous slice select split split_with_sizes
    unbind chunk squeeze unsqueeze alias as_strided empty empty_like empty_strided new_empty zeros ones full arange
    copy_ _to_copy cat stack unfold flatten movedim lift_fresh zeros_like ones_like new_zeros new_ones fill_ zero_
    constant_pad_nd roll index new_full scalar_tensor tril triu masked_fill repeat narrow diagonal resize_ set_
    random_ is_same_size sym_size
    """.split()
)
# Those of them that return the same data with another shape, or no data: they move no bytes.
_VIEWS = frozenset(
    """
    view _unsafe_view reshape transpose t permute expand detach slice select split split_with_sizes unbind chunk
    squeeze unsqueeze alias as_strided empty empty_like empty_strided new_empty unfold flatten movedim lift_fresh
    narrow diagonal resize_ set_ is_same_size sym_size device
    """.split()
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one operation is counted.

    Attributes:
        name: its name.
        kernel: makes its outputs on the meta device; None to run torch's own kernel.
        flops: its FLOPs by arguments, keyword arguments and output; None if it has no formula.
        composite: whether it is a sequence of other operations, which are counted instead.
        free: whether it is not listed as uncounted.
        view: whether it moves no bytes.
    """

    name: str
    kernel: Callable[..., Any] | None
    flops: Callable[[Any, Any, Any], int] | None
    composite: bool
    free: bool
    view: bool


@cache
def _rule(func: Any) -> _Rule:
    packet = func._overloadpacket
    name = packet.__name__
    formula = fused_flops if packet is FUSED else flop_registry.get(packet)
    return _Rule(
        name,
        fused_output if packet is FUSED else KERNELS.get(func),
        _by_shapes(formula) if formula is not None else None,
        composite=formula is None
        and func is not torch.ops.prim.device.default
        and func.has_kernel_for_dispatch_key(torch._C.DispatchKey.CompositeImplicitAutograd),
        free=name in _FREE,
        view=name in _VIEWS,
    )


def _by_shapes(formula: Callable[..., Any]) -> Callable[[Any, Any, Any], int]:
    """Wrap one of torch's formulas; its own conversion of tensors to shapes takes longer than the operation."""
    inner = getattr(formula, "__wrapped__", None)
    if inner is None:
        return lambda args, kwargs, out: int(formula(*args, **kwargs, out_val=out))
    return lambda args, kwargs, out: int(
        inner(*map(_shape, args), **{key: _shape(value) for key, value in kwargs.items()}, out_shape=_shape(out))
    )


def _shape(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.shape
    return tuple(_shape(item) for item in value) if isinstance(value, tuple) else value


class CostMode(MetaMode):
    """Counts while operations run; lighter than torch's counter, which also tracks modules.

    Args:
        constants: storages of parameters and buffers.

    Attributes:
        macs: multiply-adds so far.
        moved: bytes read and written so far.
        working: inputs and outputs of the largest operation so far, in bytes.
        uncounted: number of calls of the operations without a formula, by name.
    """

    def __init__(self, constants: Container[int] = ()) -> None:
        super().__init__()
        self.constants = constants
        self.macs = 0
        self.moved = 0
        self.working = 0
        self.uncounted: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        rule = _rule(func)
        out = rule.kernel(*args, **kwargs) if rule.kernel is not None else None
        if out is None and rule.composite:
            with self:
                return func.decompose(*args, **kwargs)
        if out is None:
            out = func(*args, **kwargs)
        if rule.flops is not None:
            self.macs += rule.flops(args, kwargs, out) // 2
        elif not rule.free:
            self.uncounted[rule.name] += 1
        if not rule.view:
            self.traffic(args, out)
        return out

    def traffic(self, args: Any, out: Any) -> None:
        """Count the bytes that one operation reads and writes."""
        data = constants = 0
        for value in (*args, out):
            for tensor in value if isinstance(value, list | tuple) else (value,):
                if isinstance(tensor, Tensor):
                    if _storage(tensor) in self.constants:
                        constants += tensor.nbytes
                    else:
                        data += tensor.nbytes
        self.moved += data + constants
        self.working = max(self.working, data)


@dataclass(frozen=True, slots=True)
class Cost:
    """Costs of one forward pass of a module.

    Attributes:
        outputs: the output tensors (on the meta device).
        macs: multiply-adds of the whole batch.
        saved_bytes: bytes saved for backward that are neither an input nor an output.
        saved_inputs: for each input, whether its storage is saved.
        saved_outputs: for each output, whether its storage is saved.
        aliases: for each output, the index of the input whose storage it shares, or None.
        uncounted: operations without a formula, by name.
        moved_bytes: bytes that the operations read and write.
        working_bytes: inputs and outputs of the largest single operation.
    """

    outputs: tuple[Tensor, ...]
    macs: int
    saved_bytes: int
    saved_inputs: tuple[bool, ...]
    saved_outputs: tuple[bool, ...]
    aliases: tuple[int | None, ...]
    uncounted: dict[str, int] = field(default_factory=dict)
    moved_bytes: int = 0
    working_bytes: int = 0


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


@contextmanager
def _saved_tensors(keep: Callable[[Tensor], None]) -> Iterator[None]:
    def pack(tensor: Tensor) -> Tensor:
        keep(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield


def measure(module: nn.Module, inputs: tuple[Tensor, ...]) -> Cost:
    """Run a module once on meta inputs and count its costs.

    Args:
        module: on the meta device; its mode (train or eval) determines what is saved for backward.
        inputs: meta tensors; their `requires_grad` determines whether a gradient flows back into them.

    Returns:
        The `Cost`.
    """
    constants = {_storage(tensor) for tensor in (*module.parameters(), *module.buffers())}
    mode = CostMode(constants)
    shortcut = getattr(module, "meta_forward", None)  # recurrent blocks have one, because they unroll slowly on meta
    if shortcut is not None:
        with torch.enable_grad():
            outputs = _outputs(shortcut(*inputs))
        mode.macs = module.meta_macs(*inputs)  # type: ignore[operator]
        mode.traffic((*inputs, *module.parameters()), outputs)
        saved = _saved_unrolled(module, inputs, constants)
    else:
        with mode, FusedAttention():
            outputs, saved = _run(module, inputs, constants)
    keys_in = [_storage(tensor) for tensor in inputs]
    return Cost(
        outputs=outputs,
        macs=mode.macs,
        saved_bytes=saved.inner,
        saved_inputs=saved.inputs,
        saved_outputs=saved.outputs,
        aliases=tuple(keys_in.index(key) if (key := _storage(tensor)) in keys_in else None for tensor in outputs),
        uncounted=dict(mode.uncounted),
        moved_bytes=mode.moved,
        working_bytes=mode.working,
    )


class _Saved(NamedTuple):
    """What a pass saves for backward: bytes that are neither input nor output, and which inputs and outputs."""

    inner: int
    inputs: tuple[bool, ...]
    outputs: tuple[bool, ...]


def _outputs(result: Any) -> tuple[Tensor, ...]:
    return result if isinstance(result, tuple) else (result,)


def _run(module: nn.Module, inputs: tuple[Tensor, ...], constants: Container[int]) -> tuple[tuple[Tensor, ...], _Saved]:
    """Run a module; return its outputs and what it saves for backward."""
    saved: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> None:
        key = _storage(tensor)
        if key not in constants:
            # The reference keeps the storage alive, so that no other storage gets the same address.
            saved.setdefault(key, tensor)

    with torch.enable_grad(), _saved_tensors(keep):
        outputs = _outputs(module(*inputs))
    keys_in, keys_out = ([_storage(tensor) for tensor in tensors] for tensors in (inputs, outputs))
    inner = sum(
        tensor.untyped_storage().nbytes() for key, tensor in saved.items() if key not in keys_in and key not in keys_out
    )
    return outputs, _Saved(inner, tuple(key in saved for key in keys_in), tuple(key in saved for key in keys_out))


def _saved_unrolled(module: nn.Module, inputs: tuple[Tensor, ...], constants: Container[int]) -> _Saved:
    """Return what a recurrent block saves: run for one and two steps; further steps save as much as the second."""
    first, *others = inputs
    with MetaMode():
        one, two = (_run(module, (_of_steps(first, steps), *others), constants)[1] for steps in (1, 2))
    return two._replace(inner=one.inner + (first.shape[1] - 1) * (two.inner - one.inner))


def _of_steps(tensor: Tensor, steps: int) -> Tensor:
    """Return a new tensor (N, steps, ...) with the properties of one that has more steps."""
    size = (tensor.shape[0], steps, *tensor.shape[2:])
    return torch.empty(size, dtype=tensor.dtype, device=tensor.device, requires_grad=tensor.requires_grad)


def mode_matters(module: nn.Module) -> bool:
    """Return whether training and evaluation may differ by more than dropout, stochastic depth and batch statistics."""
    neutral = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase)
    for part in module.modules():
        declared = getattr(type(part), "__block__", {})
        if isinstance(part, neutral) or declared.get("role") == DROPOUT:
            continue
        code = getattr(type(part).forward, "__code__", None)
        if code is not None and "training" in code.co_names:
            return True
    return False
