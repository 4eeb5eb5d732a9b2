"""Maps of unequal size that meet: a stride of 1 at the node whose output is smaller."""

from collections.abc import Iterator

from composer.core.facts import Repair
from composer.engine.repair.actions import set_param
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext


@candidates(Stage.LIKELY, rank=70)
def stride_of_one(error: ErrorContext) -> Iterator[Repair]:
    """Yield a stride of 1 for each source that has a larger one."""
    if len({shape[2:] for shape in error.shapes()}) < 2:
        return
    for wire in error.wires:
        source = error.graph.nodes.get(wire.source)
        if source is not None and isinstance(stride := source.params.get("stride"), int) and stride > 1:
            yield set_param(f"Set stride of {source.id} to 1", source.id, "stride", 1)
