"""Costs of a module on meta tensors, and the rules by which they are counted.

- 1 MAC is one multiply-add, which vision papers print as "FLOPs"; FLOPs here are 2 per MAC.
- Counted: matrix products, convolutions and scaled dot-product attention, with torch's own formulas. Not counted: element-wise
  work, bias, normalisation, activation, pooling, softmax, FFT; their names and numbers of calls are listed.
- Counting runs on the meta device, because torch's counter gives 0 for attention on CPU tensors (pytorch#195460).
- Activation bytes are the unique storages saved for backward in training mode, without parameters and buffers; attention saves
  what the fused kernels of devices save, not a matrix of weights; recurrent blocks save what torch's own cells save at each step, of
  which a vendor's library may keep more.
- Moved bytes are what the operations read and write, each for itself as eager torch runs them (no fusion, no cache), parameters
  included; views move nothing. With the FLOPs they give the arithmetic intensity.
- Working bytes are the inputs and outputs of the largest single operation, without parameters: what inference holds at once.
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

# Bookkeeping operations that move or describe data without computing on it: not worth listing as uncounted.
_FREE = frozenset(
    """view _unsafe_view reshape transpose t permute expand detach clone contiguous slice select split split_with_sizes unbind
    chunk squeeze unsqueeze alias as_strided empty empty_like empty_strided new_empty zeros ones full arange copy_ _to_copy cat
    stack unfold flatten movedim lift_fresh zeros_like ones_like new_zeros new_ones fill_ zero_ constant_pad_nd roll index
    new_full scalar_tensor tril triu masked_fill repeat narrow diagonal resize_ set_ random_ is_same_size sym_size""".split()
)
# Those among them that hand out the same data under another description, or no data at all.
_VIEWS = frozenset(
    """view _unsafe_view reshape transpose t permute expand detach slice select split split_with_sizes unbind chunk squeeze unsqueeze
    alias as_strided empty empty_like empty_strided new_empty unfold flatten movedim lift_fresh narrow diagonal resize_ set_
    is_same_size sym_size device""".split()
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one operation is treated."""

    name: str
    kernel: Callable[..., Any] | None
    flops: Callable[[Any, Any, Any], int] | None
    composite: bool  # whether it is nothing but a sequence of other operations
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
    """One of torch's formulas, without its way of turning tensors into shapes: walking a tree takes longer than the operation."""
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
    """Counts multiply-adds as operations run; lighter than torch's counter, which also tracks modules."""

    def __init__(self, constants: Container[int] = ()) -> None:
        super().__init__()
        self.constants = constants  # storages of parameters and buffers
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
        """Count what one operation reads and writes."""
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
    """What one forward pass of a module costs.

    Args:
        outputs: the output tensors (on the meta device).
        macs: multiply-adds of the whole batch.
        saved_bytes: bytes saved for backward that are neither an input nor an output.
        saved_inputs: for each input, whether its storage is saved.
        saved_outputs: for each output, whether its storage is saved.
        aliases: for each output, the index of the input whose storage it shares, or None.
        uncounted: operations without a formula, by name.
        moved_bytes: what the operations read and write.
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
    """Run a module on meta inputs once and count.

    Args:
        module: on the meta device; its mode (train or eval) decides what is saved for backward.
        inputs: meta tensors; `requires_grad` says whether a gradient flows back into them.

    Returns:
        The `Cost`.
    """
    constants = {_storage(tensor) for tensor in (*module.parameters(), *module.buffers())}
    mode = CostMode(constants)
    shortcut = getattr(module, "meta_forward", None)  # blocks that unroll slowly on meta bring one
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
    """Bytes saved for backward that are neither an input nor an output, and which of those are saved."""

    inner: int
    inputs: tuple[bool, ...]
    outputs: tuple[bool, ...]


def _outputs(result: Any) -> tuple[Tensor, ...]:
    return result if isinstance(result, tuple) else (result,)


def _run(module: nn.Module, inputs: tuple[Tensor, ...], constants: Container[int]) -> tuple[tuple[Tensor, ...], _Saved]:
    """What a module gives, and what it saves for backward."""
    saved: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> None:
        key = _storage(tensor)
        if key not in constants:
            saved.setdefault(
                key, tensor
            )  # holding the tensor keeps its storage, so that an address is never used twice

    with torch.enable_grad(), _saved_tensors(keep):
        outputs = _outputs(module(*inputs))
    keys_in, keys_out = ([_storage(tensor) for tensor in tensors] for tensors in (inputs, outputs))
    inner = sum(
        tensor.untyped_storage().nbytes() for key, tensor in saved.items() if key not in keys_in and key not in keys_out
    )
    return outputs, _Saved(inner, tuple(key in saved for key in keys_in), tuple(key in saved for key in keys_out))


def _saved_unrolled(module: nn.Module, inputs: tuple[Tensor, ...], constants: Container[int]) -> _Saved:
    """What a block saves that goes along axis 1 of its first input: run for two steps; each further one saves as much as the second."""
    first, *others = inputs
    with MetaMode():
        one, two = (_run(module, (_of_steps(first, steps), *others), constants)[1] for steps in (1, 2))
    return two._replace(inner=one.inner + (first.shape[1] - 1) * (two.inner - one.inner))


def _of_steps(tensor: Tensor, steps: int) -> Tensor:
    """A tensor (N, steps, ...) like one of more steps, in a storage of its own."""
    size = (tensor.shape[0], steps, *tensor.shape[2:])
    return torch.empty(size, dtype=tensor.dtype, device=tensor.device, requires_grad=tensor.requires_grad)


def mode_matters(module: nn.Module) -> bool:
    """Whether shapes or operations may differ between training and evaluation beyond dropout, stochastic depth and batch statistics."""
    known = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase)
    for part in module.modules():
        declared = getattr(type(part), "__block__", {})
        if isinstance(part, known) or declared.get("role") == DROPOUT:
            continue
        code = getattr(type(part).forward, "__code__", None)
        if code is not None and "training" in code.co_names:
            return True
    return False
