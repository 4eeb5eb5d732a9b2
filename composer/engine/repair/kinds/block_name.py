"""A block or sub-graph that does not exist: one with a similar name."""

import difflib
from collections.abc import Iterator

from composer.core.facts import Repair
from composer.core.graph import SUBGRAPH
from composer.engine.repair.actions import update
from composer.engine.repair.candidates import Stage, candidates
from composer.engine.repair.context import ErrorContext

MAX_NAMES = 3
MIN_SIMILARITY = 0.5


@candidates(Stage.STATED, rank=10)
def similar_names(error: ErrorContext) -> Iterator[Repair]:
    """Yield the blocks or sub-graphs whose names are most similar."""
    node = error.node
    if node is None:
        return
    if node.subgraph is not None and node.subgraph not in error.design.graphs:
        for name in difflib.get_close_matches(node.subgraph, list(error.design.graphs), MAX_NAMES, MIN_SIMILARITY):
            yield update(f"Use {name}", node.id, block=SUBGRAPH + name)
    elif node.subgraph is None and error.spec is None:
        by_lower = {name.lower(): name for name in error.inferrer.catalog.blocks}
        for lower in difflib.get_close_matches(node.block.lower(), list(by_lower), MAX_NAMES, MIN_SIMILARITY):
            yield update(f"Use {by_lower[lower]}", node.id, block=by_lower[lower])
