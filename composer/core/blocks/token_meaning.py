"""Whether a block means the tokens that a wire brings: shapes may fit where the meaning does not."""

from collections.abc import Mapping, Sequence

from composer.core.blocks.block_file import BlockSpec
from composer.core.blocks.shapes import ELLIPSIS
from composer.core.blocks.token_rules import Expectation, integer
from composer.core.graph import Literal
from composer.core.token_layout import ROLES, TokenLayout

# The axis of channels in shape strings.
CHANNELS = "c"
TOKEN_AXES = 3

WiredInput = tuple[Sequence[int], TokenLayout | None]


def layout_warning(spec: BlockSpec, inputs: Sequence[WiredInput | None], values: Mapping[str, Literal]) -> str | None:
    """Return what a block misreads, as a sentence without the id of its node; None if it means what it gets.

    Args:
        spec: the block.
        inputs: for each port the shape and layout of its first tensor, None without a wire.
        values: input axes and parameters by name.
    """
    for port, wired in enumerate(inputs):
        if wired is None or wired[1] is None:
            continue
        shape, layout = wired[0], wired[1]
        if reads_as_channels(spec, port) and is_tokens(shape, layout):
            return (
                f"{spec.name} reads {layout.length} tokens ({layout.describe()}) as {layout.length} channels; "
                "use a block that takes tokens, or convert them to a map first"
            )
        if reads_as_tokens(spec, port) and len(shape) == TOKEN_AXES and layout.only("channel"):
            return (
                f"{spec.name} reads {layout.length} channels as {layout.length} tokens; "
                "it expects tokens (batch, number, width), and the wire brings (batch, channels, length)"
            )
    first = inputs[0] if inputs else None
    if first is None or first[1] is None or len(first[0]) != TOKEN_AXES:
        return None
    messages = (_unmet(spec, expectation, first[1], values) for expectation in spec.token_rules.expects)
    return next((message for message in messages if message is not None), None)


def is_tokens(shape: Sequence[int], layout: TokenLayout | None) -> bool:
    """Return whether a tensor is known to hold tokens (batch, number, width); an input of the network may hold both."""
    return len(shape) == TOKEN_AXES and layout is not None and not layout.only("input") and not layout.only("channel")


def reads_as_channels(spec: BlockSpec, port: int) -> bool:
    """Return whether a port accepts tokens and takes their number for the number of channels."""
    axes = _axes(spec, port)
    return axes[1:2] == (CHANNELS,) and (ELLIPSIS in axes or len(axes) == TOKEN_AXES)


def reads_as_tokens(spec: BlockSpec, port: int) -> bool:
    """Return whether a port takes tokens (batch, number, width)."""
    axes = _axes(spec, port)
    return len(axes) == TOKEN_AXES and ELLIPSIS not in axes and axes[1] != CHANNELS


def _axes(spec: BlockSpec, port: int) -> tuple[str, ...]:
    inputs = spec.shapes.inputs
    return inputs[min(port, len(inputs) - 1)] if inputs else ()


def _unmet(spec: BlockSpec, expectation: Expectation, layout: TokenLayout, values: Mapping[str, Literal]) -> str | None:
    """Return how a layout differs from what a block expects; None if it does not, or nothing in it has a position."""
    if layout.grid_run is None or any(values.get(name) != value for name, value in expectation.when):
        return None
    front = sum(run.length for run in layout.front)
    if expectation.kind == "prefix":
        prefix = integer(expectation.count, values)
        if prefix is None or prefix == front:
            return None
        before = TokenLayout(layout.front).describe() if front else "no other token"
        return (
            f"{expectation.count} of {spec.name} is {prefix}, but {before} comes before the positions; "
            f"set it to {front}"
        )
    index = integer(expectation.count, values)
    if index is None or index >= layout.length:
        return None
    run = layout.take(index, index + 1).runs[0]
    if run.grid is not None:
        row, column = divmod(run.start, run.grid[1])
        what = f"the position in row {row + 1}, column {column + 1} of {run.grid[0]} x {run.grid[1]}"
    elif expectation.kind == "class" and run.role not in ("class", ""):
        what = f"a {ROLES[run.role][0]}"
    else:
        return None
    return (
        f"{spec.name} reads token {index} as a summary of all tokens, but it is {what}; "
        "add a class token in front, or use a block or setting that averages the tokens"
    )
