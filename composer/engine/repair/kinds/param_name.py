"""A parameter that the block does not have: a similar name, or none."""

import difflib
from collections.abc import Iterator

from composer.core.facts import Repair
from composer.engine.repair.actions import reset_params, update
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext

MAX_NAMES = 2


@candidates(Stage.STATED, rank=50)
def similar_names(error: ErrorContext) -> Iterator[Repair]:
    """Yield, for each unknown parameter, the most similar names that are free, then its removal."""
    node = error.node
    if node is None:
        return
    graph = error.design.graphs.get(node.subgraph or "")
    if error.spec is not None:
        names = [param.name for param in error.spec.params]
    elif graph is not None:
        names = list(graph.params)
    else:
        return
    for unknown in node.params:
        if unknown in names:
            continue
        for name in difflib.get_close_matches(unknown.lower(), names, MAX_NAMES):
            if name not in node.params:
                params = {name if key == unknown else key: value for key, value in node.params.items()}
                yield update(f"Rename {unknown} to {name}", node.id, params=params)
        yield reset_params(f"Remove {unknown}", node.id, [unknown])
