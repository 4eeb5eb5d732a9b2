"""Parameters that were set: their defaults, or what the wires determine; last of all, because a person set them."""

from collections.abc import Iterator

from composer.core.facts import Repair
from composer.engine.repair.actions import reset_label, reset_params, short_text
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.nearby_values import is_tied


@candidates(Stage.LAST, rank=90)
def reset_numbers(error: ErrorContext) -> Iterator[Repair]:
    """Yield a reset of each parameter that is one number for all."""
    yield from _resets(error, tied=False)


@candidates(Stage.LAST, rank=95)
def reset_tied(error: ErrorContext) -> Iterator[Repair]:
    """Yield a reset of each tied parameter, then of all parameters."""
    yield from _resets(error, tied=True)
    if error.node is not None and len(error.node.params) > 1:
        values = ", ".join(f"{name}: {short_text(value)}" for name, value in error.node.params.items())
        yield reset_params(f"Reset all parameters to their defaults ({values})", error.id, error.node.params)


def _resets(error: ErrorContext, *, tied: bool) -> Iterator[Repair]:
    for name, value in error.node.params.items() if error.node is not None else ():
        if is_tied(value) is tied:
            yield reset_params(reset_label(name, value, _default(error, name)), error.id, [name])


def _default(error: ErrorContext, name: str) -> object:
    """Return the default of a parameter of the block or the sub-graph; None if the wires determine it."""
    if error.spec is not None:
        spec = error.spec.param(name)
        return spec.default if spec is not None and not spec.inferred else None
    graph = error.design.graphs.get(error.node.subgraph or "") if error.node is not None else None
    return graph.params.get(name) if graph is not None else None
