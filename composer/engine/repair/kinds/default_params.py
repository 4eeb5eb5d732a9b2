"""Parameters that were set: their defaults, or what the wires determine."""

from collections.abc import Iterator

from composer.core.facts import Repair
from composer.engine.repair.actions import reset_params
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.nearby_values import is_tied


@candidates(Stage.LIKELY, rank=40)
def reset_numbers(error: ErrorContext) -> Iterator[Repair]:
    """Yield a reset of each parameter that is one number for all."""
    yield from _resets(error, tied=False)


@candidates(Stage.LAST, rank=40)
def reset_tied(error: ErrorContext) -> Iterator[Repair]:
    """Yield a reset of each tied parameter, then of all parameters."""
    yield from _resets(error, tied=True)
    if error.node is not None and len(error.node.params) > 1:
        yield reset_params("Reset all parameters", error.id, error.node.params)


def _resets(error: ErrorContext, *, tied: bool) -> Iterator[Repair]:
    for name, value in error.node.params.items() if error.node is not None else ():
        if is_tied(value) is tied:
            yield reset_params(f"Reset {name}", error.id, [name])
