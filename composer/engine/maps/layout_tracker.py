"""Token layouts along a pass: of each tensor that enters or leaves a block, by the rules that the blocks declare.

Inside a block, plain operations make new tensors. There a tensor with as many tokens as one of the enclosing block's
inputs is laid out like it, because blocks mix features between their own layers and do not reorder tokens.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.token_rules import (
    TokenInputs,
    apply_rule,
    declared_grids,
    input_layout,
    output_layouts,
    position_count,
)
from composer.core.errors import UserError
from composer.core.graph import Literal
from composer.core.token_layout import TokenLayout, cells, unplaced

# Batch, tokens, width.
TOKEN_AXES = 3


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """A running module.

    Attributes:
        path: path of the module in the model.
        module: the module.
        spec: what its block declares; None for other modules.
        shapes: shapes of its tensor inputs.
        inputs: its inputs with their layouts, for the rules of the block.
    """

    path: str
    module: nn.Module
    spec: BlockSpec | None
    shapes: tuple[tuple[int, ...], ...]
    inputs: TokenInputs = field(default_factory=lambda: TokenInputs((), (), {}))


class LayoutTracker:
    """The layouts of the tensors of one pass.

    Args:
        inputs: the inputs of the model.
        batch: size of their batch axis.
    """

    def __init__(self, inputs: Sequence[Tensor], batch: int) -> None:
        self.batch = batch
        self._layouts = WeakTensorKeyDictionary()
        for tensor in inputs:
            self._layouts[tensor] = input_layout(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))

    def enter(
        self,
        path: str,
        module: nn.Module,
        spec: BlockSpec | None,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        stack: Sequence[ModuleCall],
    ) -> ModuleCall:
        """Return the call of a module that is about to run.

        Args:
            path: path of the module.
            module: the module.
            spec: what its block declares.
            args: its positional arguments.
            kwargs: its named arguments.
            stack: the running modules, innermost last.
        """
        shapes = tuple(tuple(value.shape) for value in (*args, *kwargs.values()) if isinstance(value, Tensor))
        if spec is None:
            return ModuleCall(path, module, spec, shapes)
        values = [*args, *(kwargs.get(port.name) for port in spec.inputs[len(args) :])]
        tensors = [value if isinstance(value, Tensor) else None for value in values]
        wired = [None if tensor is None else tuple(tensor.shape) for tensor in tensors]
        layouts = [None if tensor is None else self.of(tensor, stack) for tensor in tensors]
        return ModuleCall(path, module, spec, shapes, TokenInputs(layouts, wired, _Values(spec, module, wired)))

    def leave(self, frame: ModuleCall, output: Any) -> None:
        """Store the layouts of the outputs of a module."""
        if frame.spec is None:
            return
        if isinstance(output, Tensor) and self._keeps_tokens(frame, output):
            self._layouts[output] = frame.inputs.layouts[0]
            return
        tensors = output if isinstance(output, tuple | list) else (output,)
        if not all(isinstance(tensor, Tensor) for tensor in tensors):
            return
        shapes = [tuple(tensor.shape) for tensor in tensors]
        layouts = output_layouts(frame.spec.token_rules, frame.inputs, shapes)
        for tensor, layout in zip(tensors, layouts, strict=False):
            self._layouts[tensor] = layout

    def _keeps_tokens(self, frame: ModuleCall, output: Tensor) -> bool:
        """Return whether a module takes tokens and returns as many, which needs no rule: most layers do."""
        assert frame.spec is not None
        first = frame.inputs.layouts[0] if frame.inputs.layouts else None
        if first is None or frame.spec.tokens or output.ndim != TOKEN_AXES:
            return False
        shape = frame.inputs.shapes[0]
        return shape is not None and len(shape) == TOKEN_AXES and output.shape[1] == first.length

    def of(self, tensor: Tensor, stack: Sequence[ModuleCall]) -> TokenLayout | None:
        """Return the layout of a tensor; None if it is unknown."""
        stored: object = self._layouts.get(tensor, self)  # type: ignore[no-untyped-call]
        if stored is None or isinstance(stored, TokenLayout):
            return stored
        shape = tuple(tensor.shape)
        count = position_count(shape)
        if count is None:
            return None
        for frame in reversed(stack):
            if frame.spec is None or not frame.inputs.shapes:
                continue
            if len(shape) == 4:
                return self._inner_map(frame, shape)
            layout = next((layout for layout in candidates(frame) if layout.length == count), None)
            if layout is not None:
                return layout
        return None

    def _inner_map(self, frame: ModuleCall, shape: tuple[int, ...]) -> TokenLayout | None:
        """Return the layout of a map inside a block: over the image if the block's own input is."""
        if shape[0] != self.batch:
            return unplaced(shape[2] * shape[3])
        outer = next((layout for layout in frame.inputs.layouts if layout is not None), None)
        if outer is None:
            return None
        placed = outer.grid_run
        return unplaced(shape[2] * shape[3]) if placed is None else cells((shape[2], shape[3]), placed[1].cover)

    def of_attention(self, frame: ModuleCall, side: str, count: int) -> TokenLayout | None:
        """Return the layout of the queries or keys of a block's attention; None if it is unknown.

        Args:
            frame: the block.
            side: ``queries`` or ``keys``.
            count: their number.
        """
        if frame.spec is None:
            return None
        rules = frame.spec.token_rules
        rule = rules.queries if side == "queries" else rules.keys
        if rule is not None:
            return apply_rule(rule, rules, frame.inputs, (self.batch, count, 1))
        return next((layout for layout in candidates(frame) if layout.length == count), None)


def candidates(frame: ModuleCall) -> Iterator[TokenLayout]:
    """Yield the layouts that tokens inside a block may have: those of its inputs, then the grids that it states."""
    assert frame.spec is not None
    yield from (layout for layout in frame.inputs.layouts if layout is not None)
    yield from declared_grids(frame.spec.token_rules, frame.inputs)


class _Values(Mapping[str, Literal]):
    """The values that a rule may name: input axes, which are bound when first needed, and attributes of the module."""

    def __init__(self, spec: BlockSpec, module: nn.Module, shapes: Sequence[tuple[int, ...] | None]) -> None:
        self._spec = spec
        self._module = module
        self._shapes = shapes

    @cached_property
    def _axes(self) -> Mapping[str, int]:
        try:
            return self._spec.shapes.bind(self._shapes)
        except UserError:  # a module that only has the name of a block
            return {}

    def __getitem__(self, name: str) -> Literal:
        if name in self._axes:
            return self._axes[name]
        value = getattr(self._module, name, self)
        if value is None or isinstance(value, int | float | str):
            return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._axes)

    def __len__(self) -> int:
        return len(self._axes)
