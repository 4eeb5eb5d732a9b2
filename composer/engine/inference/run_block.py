"""Run one block on the meta device: its output shapes and costs, or the message why it cannot run."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from composer.core.blocks.block_file import BlockSpec, Port
from composer.core.errors import UserError
from composer.core.graph import Literal
from composer.engine import library
from composer.engine.inference import cost
from composer.engine.inference.meta_kernels import MetaMode
from composer.engine.inference.results import BlockCost, TensorSpec

# What to do about a wrong dtype: in a design only main inputs have one of their own.
_CHANGE_DTYPE = "change the dtype of the input it comes from"


def run_block(spec: BlockSpec, params: dict[str, Literal], inputs: Sequence[TensorSpec | None]) -> BlockCost:
    """Make an instance of a block and run it.

    Args:
        spec: the block.
        params: arguments of its constructor, all resolved.
        inputs: its inputs; None for an optional input without a wire.

    Returns:
        Its costs; with `error` set if the block raised anything.
    """
    try:
        cls = library.block_class(spec)
        with torch.device("meta"), MetaMode():
            module = cls(**params)
        _check_dtypes(spec, module, inputs)
        measured = _measure(module, [value and _meta_tensor(value) for value in inputs])
    except (
        Exception
    ) as error:  # blocks are foreign code: whatever one raises is the error of its node, not of the engine
        return BlockCost(error=_message(spec, error, inputs))
    outputs = measured.outputs
    return BlockCost(
        outputs=tuple((tuple(t.shape), _dtype_name(t), t.requires_grad, _strides(t)) for t in outputs),
        params=sum(p.numel() for p in module.parameters()),
        params_trainable=sum(p.numel() for p in module.parameters() if p.requires_grad),
        buffers=sum(b.numel() for b in module.buffers()),
        macs=measured.macs,
        saved_bytes=measured.saved_bytes,
        saved_inputs=measured.saved_inputs,
        saved_outputs=measured.saved_outputs,
        aliases=measured.aliases,
        stored=tuple(t.untyped_storage().nbytes() for t in outputs),
        uncounted=measured.uncounted,
        moved_bytes=measured.moved_bytes,
        working_bytes=measured.working_bytes,
    )


def _check_dtypes(spec: BlockSpec, module: nn.Module, inputs: Sequence[TensorSpec | None]) -> None:
    """Compare the dtypes on the wires with those of ports and weights: on meta, not every operation checks them.

    Raises:
        ValueError: if one differs.
    """
    weights = next((_dtype_name(p) for p in module.parameters() if p.is_floating_point()), None)
    for port, value in _wired(spec, inputs):
        expected = port.dtype or weights
        # An embedding takes either integer type; a block that takes only int64 reports that itself.
        if expected is not None and value.dtype != expected and (value.dtype, expected) != ("int32", "int64"):
            where = f"{port.name}: " if len(spec.inputs) > 1 else ""
            raise ValueError(f"{where}the wire brings {value.dtype}, expected {expected}; {_CHANGE_DTYPE}")


def _wired(spec: BlockSpec, inputs: Sequence[TensorSpec | None]) -> Iterator[tuple[Port, TensorSpec]]:
    """Yield the wired inputs with their ports; a variadic port, always the last one, has all remaining inputs."""
    for index, value in enumerate(inputs):
        if value is not None:
            yield spec.inputs[min(index, len(spec.inputs) - 1)], value


def _meta_tensor(value: TensorSpec) -> Tensor:
    """Return a tensor without data that has the memory layout of a tensor on a wire."""
    dtype = getattr(torch, value.dtype)
    if value.strides:
        return torch.empty_strided(value.shape, value.strides, dtype=dtype, device="meta", requires_grad=value.grad)
    return torch.empty(value.shape, dtype=dtype, device="meta", requires_grad=value.grad)


def _dtype_name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _strides(tensor: Tensor) -> tuple[int, ...]:
    return () if tensor.is_contiguous() else tensor.stride()


def _measure(module: nn.Module, tensors: Sequence[Tensor | None]) -> cost.Cost:
    """Measure shapes and MACs in evaluation mode and saved bytes in training mode; in one pass if the modes agree."""
    present = tuple(index for index, tensor in enumerate(tensors) if tensor is not None)
    inputs = tuple(tensor for tensor in tensors if tensor is not None)
    call = module if len(present) == len(tensors) else _WithoutOptionalInputs(module, len(tensors), present)
    training: cost.Cost | None = None
    try:
        training = cost.measure(call.train(), inputs)
    except ValueError as error:
        # Batch norm of a single value (batch 1 after global pooling) cannot train: only evaluation runs.
        if "more than 1 value per channel" not in str(error):
            raise
    if training is not None and not cost.mode_matters(module):
        measured = training
    else:
        measured = cost.measure(call.eval(), inputs)
        if training is not None and len(training.saved_outputs) == len(measured.outputs):
            measured = replace(
                measured,
                saved_bytes=training.saved_bytes,
                saved_inputs=training.saved_inputs,
                saved_outputs=training.saved_outputs,
            )
    if len(present) == len(tensors):
        return measured
    # Number the inputs as the ports do, those without a wire included.
    saved = [False] * len(tensors)
    for index, is_saved in zip(present, measured.saved_inputs, strict=True):
        saved[index] = is_saved
    aliases = tuple(None if alias is None else present[alias] for alias in measured.aliases)
    return replace(measured, saved_inputs=tuple(saved), aliases=aliases)


class _WithoutOptionalInputs(nn.Module):
    """A module that is called with None for some of its inputs.

    Args:
        module: the module.
        count: number of its inputs.
        present: indices of the inputs that are tensors.
    """

    def __init__(self, module: nn.Module, count: int, present: tuple[int, ...]) -> None:
        super().__init__()
        self.module = module
        self.count = count
        self.present = present
        for name in ("meta_forward", "meta_macs"):  # the shortcuts of recurrent blocks, see `cost.measure`
            if (shortcut := getattr(module, name, None)) is not None:
                setattr(self, name, lambda *inputs, call=shortcut: call(*self.fill(inputs)))

    def fill(self, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        """Return the arguments of the module: the inputs, and None between them."""
        arguments: list[Tensor | None] = [None] * self.count
        for index, tensor in zip(self.present, inputs, strict=True):
            arguments[index] = tensor
        return arguments

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Call the module."""
        return self.module(*self.fill(inputs))


def _message(spec: BlockSpec, error: Exception, inputs: Sequence[TensorSpec | None]) -> str:
    """Return one sentence for whatever a block raised."""
    text = str(error).strip().split("\n")[0]
    if isinstance(error, ValueError | UserError) and text:
        return text
    if isinstance(error, ImportError):
        return f"{spec.name}: {spec.path.name} cannot be imported: {text or type(error).__name__}"
    if "overflow" in text.lower() or isinstance(error, OverflowError):
        return f"{spec.name}: a size is larger than a tensor can have; reduce the parameters"
    for port, value in _wired(spec, inputs):
        if value.dtype != (expected := port.dtype or "float32"):
            return f"{spec.name} does not compute with {value.dtype}, expected {expected}; {_CHANGE_DTYPE}"
    return f"{spec.name} cannot run with these inputs: {text or type(error).__name__}"
