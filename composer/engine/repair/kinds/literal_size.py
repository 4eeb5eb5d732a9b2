"""An expression that cannot be computed: a number in its place."""

from collections.abc import Iterator
from itertools import islice

from composer.core.facts import Repair
from composer.core.param_check import problem
from composer.engine.repair.actions import set_param
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.names import guess_values

MAX_VALUES = 10


@candidates(Stage.LAST, rank=60)
def number_for_expression(error: ErrorContext) -> Iterator[Repair]:
    """Yield numbers that the design uses elsewhere, for each integer parameter that is an expression."""
    node = error.node
    if node is None or error.spec is None:
        return
    for name, value in node.params.items():
        param = error.spec.param(name)
        if param is None or param.type != "int" or not isinstance(value, str):
            continue
        for guess in islice(guess_values(error), MAX_VALUES):
            if problem(param, guess) is None:
                yield set_param(f"Set {name} to {guess}", node.id, name, guess)
