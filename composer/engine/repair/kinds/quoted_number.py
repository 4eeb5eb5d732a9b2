"""A text that writes a number, such as a quoted one, where a number is expected: that very number."""

from collections.abc import Iterator

from composer.core.facts import Repair
from composer.core.number_text import parse_number
from composer.core.param_check import problem
from composer.engine.repair.actions import set_param, short_text
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext
from composer.engine.repair.nearby_values import named_params


@candidates(Stage.STATED, rank=45)
def the_number(error: ErrorContext) -> Iterator[Repair]:
    """Yield the number that the text writes, for each parameter that the message names."""
    for param in named_params(error):
        text = error.node.params.get(param.name) if error.node is not None else None
        if param.type not in ("int", "float") or not isinstance(text, str):
            continue
        try:
            value = parse_number(text)
        except ValueError:
            continue
        if isinstance(value, float) and param.type == "int" and value.is_integer():
            value = int(value)
        if value is not None and problem(param, value) is None:
            label = f"Set {param.name} to {short_text(value)}, the number in the text {short_text(text)}"
            yield set_param(label, error.id, param.name, value)
