"""A wire with the wrong dtype: another dtype of the main inputs."""

import re
from collections.abc import Iterator

from composer.core import edits
from composer.core.facts import Repair
from composer.core.repairs import call
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext


@candidates(Stage.STATED, rank=80)
def expected_dtype(error: ErrorContext) -> Iterator[Repair]:
    """Yield the dtype that the message expects, for each main input that has the wrong one."""
    mismatch = re.search(r"(?:wire brings|compute with) (\w+), expected (\w+)", error.message)
    if mismatch is None:
        return
    actual, expected = mismatch.groups()
    for item in error.design.main.inputs.values():
        if item.dtype == actual:
            edit = call(edits.update_item, id=item.id, dtype=expected, graph="")
            yield Repair(f"Set the dtype of {item.id} to {expected}", (edit,))
