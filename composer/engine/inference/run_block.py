"""One block run on the meta device: its output shapes and what it costs, or the sentence that says why it cannot run."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from composer.core.blocks.block_file import BlockSpec, Port
from composer.core.errors import UserError
from composer.core.graph import Literal
from composer.engine import library
from composer.engine.inference import cost
from composer.engine.inference.meta_kernels import MetaMode
from composer.engine.inference.results import BlockCost, TensorSpec


def run_block(spec: BlockSpec, params: dict[str, Literal], inputs: Sequence[TensorSpec | None]) -> BlockCost:
    """Make an instance of a block and run it.

    Args:
        spec: which block.
        params: arguments of its constructor, all resolved.
        inputs: what arrives; None stands for an optional input without a wire.

    Returns:
        Its costs; with `error` set if the block raised anything.
    """
    try:
        cls = library.block_class(spec)
        with torch.device("meta"), MetaMode():
            module = cls(**params)
        _check_dtypes(spec, module, inputs)
        tensors = [value and _ghost(value) for value in inputs]
        found = _measure(module, tensors)
    except Exception as error:  # a block is foreign code: whatever it raises belongs to its node, not to the engine
        return BlockCost(error=_sentence(spec, error, inputs))
    return BlockCost(
        outputs=tuple(
            (tuple(t.shape), str(t.dtype).removeprefix("torch."), t.requires_grad, _strides(t)) for t in found.outputs
        ),
        params=sum(p.numel() for p in module.parameters()),
        params_trainable=sum(p.numel() for p in module.parameters() if p.requires_grad),
        buffers=sum(b.numel() for b in module.buffers()),
        macs=found.macs,
        saved_bytes=found.saved_bytes,
        saved_inputs=found.saved_inputs,
        saved_outputs=found.saved_outputs,
        aliases=found.aliases,
        stored=tuple(t.untyped_storage().nbytes() for t in found.outputs),
        uncounted=found.uncounted,
        moved_bytes=found.moved_bytes,
        working_bytes=found.working_bytes,
    )


def _check_dtypes(spec: BlockSpec, module: nn.Module, inputs: Sequence[TensorSpec | None]) -> None:
    """Raise ValueError where an input is of another kind than its port or the weights; on meta not every operation would notice."""
    weights = next((str(p.dtype).removeprefix("torch.") for p in module.parameters() if p.is_floating_point()), None)
    for port, value in _arriving(spec, inputs):
        wanted = port.dtype or weights
        # Tables are looked up by either kind of whole number; a block that takes only int64 says so itself.
        if wanted is not None and value.dtype != wanted and (value.dtype, wanted) != ("int32", "int64"):
            where = f"{port.name}: " if len(spec.inputs) > 1 else ""
            raise ValueError(
                f"{where}the wire brings {value.dtype}, expected {wanted}; change the dtype of the input it comes from"
            )


def _arriving(spec: BlockSpec, inputs: Sequence[TensorSpec | None]) -> Iterator[tuple[Port, TensorSpec]]:
    """What the wires bring, with the port of each; a variadic port, which is the last, has all that is left."""
    for index, value in enumerate(inputs):
        if value is not None:
            yield spec.inputs[min(index, len(spec.inputs) - 1)], value


def _ghost(value: TensorSpec) -> torch.Tensor:
    """A tensor without data that lies in memory as the value does."""
    dtype = getattr(torch, value.dtype)
    if value.strides:
        return torch.empty_strided(value.shape, value.strides, dtype=dtype, device="meta", requires_grad=value.grad)
    return torch.empty(value.shape, dtype=dtype, device="meta", requires_grad=value.grad)


def _strides(tensor: torch.Tensor) -> tuple[int, ...]:
    return () if tensor.is_contiguous() else tensor.stride()


def _measure(module: nn.Module, tensors: Sequence[Any]) -> cost.Cost:
    """Shapes and MACs as in evaluation, saved bytes as in training; one pass where the two do not differ."""
    present = [index for index, tensor in enumerate(tensors) if tensor is not None]
    call = module if len(present) == len(tensors) else _Partial(module, len(tensors), tuple(present))
    given = tuple(tensors[index] for index in present)
    training: cost.Cost | None = None
    try:
        training = cost.measure(call.train(), given)
    except ValueError as error:
        # Batch statistics of a single value: batch 1 through a pooled BatchNorm. Evaluation is the only mode that runs.
        if "more than 1 value per channel" not in str(error):
            raise
    if training is not None and not cost.mode_matters(module):
        found = training
    else:
        found = cost.measure(call.eval(), given)
        if training is not None and len(training.saved_outputs) == len(found.outputs):
            found = replace(
                found,
                saved_bytes=training.saved_bytes,
                saved_inputs=training.saved_inputs,
                saved_outputs=training.saved_outputs,
            )
    if len(present) == len(tensors):
        return found
    saved = [False] * len(tensors)
    for index, flag in zip(present, found.saved_inputs, strict=True):
        saved[index] = flag
    aliases = tuple(None if a is None else present[a] for a in found.aliases)
    return replace(found, saved_inputs=tuple(saved), aliases=aliases)


class _Partial(nn.Module):
    """A module called without some of its optional inputs."""

    def __init__(self, module: nn.Module, count: int, present: tuple[int, ...]) -> None:
        super().__init__()
        self.module = module
        self.count = count
        self.present = present

    def forward(self, *given: torch.Tensor) -> Any:
        """Call with None in the gaps."""
        arguments: list[torch.Tensor | None] = [None] * self.count
        for index, tensor in zip(self.present, given, strict=True):
            arguments[index] = tensor
        return self.module(*arguments)


def _sentence(spec: BlockSpec, error: Exception, inputs: Sequence[TensorSpec | None]) -> str:
    text = str(error).strip().split("\n")[0]
    if isinstance(error, ValueError | UserError) and text:
        return text
    if isinstance(error, ImportError):
        return f"{spec.name}: {spec.path.name} cannot be imported: {text or type(error).__name__}"
    if "overflow" in text.lower() or isinstance(error, OverflowError):
        return f"{spec.name}: a size is beyond what a tensor can have; reduce the parameters"
    for port, value in _arriving(spec, inputs):
        if value.dtype != (wanted := port.dtype or "float32"):
            return f"{spec.name} does not compute with {value.dtype}, expected {wanted}; change the dtype of the input it comes from"
    return f"{spec.name} cannot run with these inputs: {text or type(error).__name__}"
