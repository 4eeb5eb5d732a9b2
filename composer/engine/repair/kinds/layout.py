"""A tensor with another number of axes than the port takes: a block that converts between map, tokens and vector."""

from collections.abc import Iterator

from composer.core.facts import Repair
from composer.engine.repair.actions import insert
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.layouts import converters_to_axes, wired_inputs


@candidates(Stage.LIKELY, rank=20)
def convert_layout(error: ErrorContext) -> Iterator[Repair]:
    """Yield the converters for each wire."""
    for wire, axes, shape in wired_inputs(error):
        for block in converters_to_axes(error, shape, axes):
            yield insert(error, f"Insert {block} on {wire}", wire, block)
