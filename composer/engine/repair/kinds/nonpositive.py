"""A number that must be positive and is not: its default, because the nearest legal number, 1, is hardly ever meant."""

from collections.abc import Iterator

from composer.core.facts import Repair
from composer.engine.repair.actions import reset_label, reset_params
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.nearby_values import named_params


@candidates(Stage.STATED, rank=100)
def default_value(error: ErrorContext) -> Iterator[Repair]:
    """Yield the default of each parameter that the message names and that is not positive."""
    for param in named_params(error):
        value = error.node.params.get(param.name) if error.node is not None else None
        if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
            label = reset_label(param.name, value, None if param.inferred else param.default)
            yield reset_params(label, error.id, [param.name])
