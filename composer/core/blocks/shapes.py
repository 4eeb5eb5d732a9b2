"""The shape strings of blocks: ``"b c h w -> b c h//2 w//2"``. They are parsed, matched with real shapes, and predict
outputs.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from composer.core.errors import UserError
from composer.core.expressions import evaluate
from composer.core.graph import Literal

ELLIPSIS = "..."


@dataclass(frozen=True, slots=True)
class Shapes:
    """Axes of each input and output port, as written."""

    inputs: tuple[tuple[str, ...], ...]
    outputs: tuple[tuple[str, ...], ...]

    @property
    def input_axes(self) -> frozenset[str]:
        """Names that an input shape binds."""
        return frozenset(axis for port in self.inputs for axis in port if axis.isidentifier())

    def bind(self, shapes: Sequence[Sequence[int] | None]) -> dict[str, int]:
        """Return the sizes of the named axes.

        Args:
            shapes: one shape for each port, None for a port without a wire; for a variadic port the shape of its first
                wire.

        Raises:
            UserError: if a rank or a size does not fit.
        """
        sizes: dict[str, int] = {}
        for axes, shape in zip(self.inputs, shapes, strict=False):
            if shape is not None:
                _match(axes, shape, sizes)
        return sizes

    def predict(self, sizes: Mapping[str, int], params: Mapping[str, Literal]) -> list[tuple[int | None, ...] | None]:
        """Return the output shapes that the string determines.

        Args:
            sizes: sizes of the input axes.
            params: parameter values.

        Returns:
            One shape for each output, with None for a free axis; None for a port with an ellipsis.
        """
        values = {**{key: value for key, value in params.items() if isinstance(value, int | float | tuple)}, **sizes}
        return [None if ELLIPSIS in port else tuple(_size(axis, values) for axis in port) for port in self.outputs]


def _size(axis: str, values: Mapping[str, Literal]) -> int | None:
    if axis.isidentifier() and axis not in values:
        return None
    try:
        value = evaluate(axis, values)
    except UserError:
        return None
    return int(value) if isinstance(value, int | float) else None


def _match(axes: tuple[str, ...], shape: Sequence[int], sizes: dict[str, int]) -> None:
    pattern = f"({' '.join(axes)})"
    if ELLIPSIS in axes:
        start = axes.index(ELLIPSIS)
        if len(shape) < len(axes) - 1:
            raise UserError(f"shape {tuple(shape)} has {len(shape)} axes, expected at least {len(axes) - 1}: {pattern}")
        tail = len(axes) - start - 1
        pairs = [
            *zip(axes[:start], shape[:start], strict=True),
            *zip(axes[start + 1 :], shape[len(shape) - tail :], strict=True),
        ]
    else:
        if len(shape) != len(axes):
            raise UserError(f"shape {tuple(shape)} has {len(shape)} axes, expected {len(axes)}: {pattern}")
        pairs = list(zip(axes, shape, strict=True))
    for axis, size in pairs:
        if axis.isidentifier():
            if sizes.setdefault(axis, size) != size:
                raise UserError(f"axis {axis} is {sizes[axis]} on one input and {size} on another; they must agree")
        elif axis.isdigit() and int(axis) != size:
            raise UserError(f"shape {tuple(shape)} has size {size} where {pattern} expects {axis}")


def parse_shapes(text: str) -> Shapes:
    """Parse a shape string.

    Raises:
        UserError: if it does not follow the grammar of `blocks.spec.block`.
    """
    sides = text.split("->")
    if len(sides) != 2:
        raise UserError(f"shape string {text!r} needs one arrow, such as 'b c h w -> b c h w'")
    inputs, outputs = (tuple(tuple(port.split()) for port in re.split(r",(?![^()]*\))", side)) for side in sides)
    for axes in (*inputs, *outputs):
        if axes.count(ELLIPSIS) > 1:
            raise UserError(f"shape string {text!r} has two ellipses in one shape")
        for axis in axes:
            if axis != ELLIPSIS and not axis.isidentifier():
                try:
                    ast.parse(axis, mode="eval")
                except SyntaxError:
                    raise UserError(f"shape string {text!r}: {axis!r} is neither a name nor arithmetic") from None
    return Shapes(inputs, outputs)
