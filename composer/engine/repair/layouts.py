"""Blocks that bring what is on a wire to the layout of a port."""

from collections.abc import Iterator
from typing import NamedTuple

from composer.core.blocks.roles import LAYOUTS
from composer.core.graph import Wire
from composer.engine.repair.context import ErrorContext

_LAYOUT_OF_AXES = {axes: layout for layout, axes in LAYOUTS.items()}


class WiredInput(NamedTuple):
    """A wire into a node.

    Attributes:
        wire: the wire.
        axes: the axes that the port declares.
        shape: the shape on the wire.
    """

    wire: Wire
    axes: tuple[str, ...]
    shape: tuple[int, ...]


def wired_inputs(error: ErrorContext) -> Iterator[WiredInput]:
    """Yield the wires into the node whose tensors could be computed."""
    if error.spec is None:
        return
    ports = [port.name for port in error.spec.inputs]
    for wire in error.wires:
        value = error.value(wire)
        index = ports.index(wire.target_port) if wire.target_port in ports else 0
        if value is not None and index < len(error.spec.shapes.inputs):
            yield WiredInput(wire, error.spec.shapes.inputs[index], value.shape)


def converters_to_axes(error: ErrorContext, shape: tuple[int, ...], axes: tuple[str, ...]) -> list[str]:
    """Return the blocks that convert a shape to the layout of a port, if it has another number of axes."""
    if not axes or "..." in axes or len(axes) == len(shape):
        return []
    return converters(error, len(shape), len(axes))


def converters(error: ErrorContext, source_axes: int, target_axes: int) -> list[str]:
    """Return the blocks that convert between the layouts with these numbers of axes."""
    source, target = _LAYOUT_OF_AXES.get(source_axes), _LAYOUT_OF_AXES.get(target_axes)
    if source is None or target is None:
        return []
    return [spec.name for spec in error.inferrer.catalog.converters(source, target)]


def block_with_role(error: ErrorContext, role: str) -> str | None:
    """Return the first block with a role, the library's before custom ones."""
    return next((spec.name for spec in error.inferrer.catalog.with_role(role)), None)
