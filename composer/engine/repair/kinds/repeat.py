"""A node that cannot be repeated as it is: without the repeat."""

from collections.abc import Iterator

from composer.core.facts import Repair
from composer.engine.repair.actions import update
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext


@candidates(Stage.STATED, rank=90)
def named_repeat(error: ErrorContext) -> Iterator[Repair]:
    """Yield the node without its repeat, if the message is about it."""
    if "repeat" in error.message:
        yield from any_repeat(error)


@candidates(Stage.LAST, rank=50)
def any_repeat(error: ErrorContext) -> Iterator[Repair]:
    """Yield the node without its repeat."""
    node = error.node
    if node is not None and node.repeat != 1:
        illegal = isinstance(node.repeat, int) and node.repeat < 1
        yield update("Set repeat to 1" if illegal else "Do not repeat it", node.id, repeat=1)
