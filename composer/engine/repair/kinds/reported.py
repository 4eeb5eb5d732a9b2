"""Repairs that the check of the parameters reported together with the error."""

from collections.abc import Iterator

from composer.core.facts import Repair
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext


@candidates(Stage.STATED, rank=60)
def reported(error: ErrorContext) -> Iterator[Repair]:
    """Yield the repairs in the facts of the node."""
    yield from error.facts.repairs
