"""A main input with an impossible shape: sizes that are no positive integers."""

from collections.abc import Iterator

from composer.core.facts import Repair
from composer.engine.repair.actions import set_shape
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext

COMMON_SIZES = (224, 32, 3, 1)


@candidates(Stage.STATED, rank=70)
def legal_sizes(error: ErrorContext) -> Iterator[Repair]:
    """Yield shapes with the wrong sizes replaced by the last legal one, then by common ones."""
    item = error.graph.inputs.get(error.id)
    if item is None or error.graph_name:
        return
    legal = [size for size in item.shape if isinstance(size, int) and size > 0]
    for size in dict.fromkeys((*legal[-1:], *COMMON_SIZES)):
        yield set_shape(item, tuple(s if isinstance(s, int) and s > 0 else size for s in item.shape))
