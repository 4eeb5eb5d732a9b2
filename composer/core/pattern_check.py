"""Patterns of `freeze` and `lr_factors` that name no node of a design, as far as that is known without the network."""

import difflib

from composer.core.graph import Design
from composer.core.obstacle import Obstacle

WILDCARDS = frozenset("*?[")
EXCEPT = "!"


def pattern_obstacle(design: Design) -> Obstacle | None:
    """Return the first plain name that is no node; what has wildcards is compared with the weights at the start."""
    training, nodes = design.training, design.main.nodes
    for setting, patterns in (("freeze", training.freeze), ("lr_factors", tuple(training.lr_factors))):
        for pattern in patterns:
            name = pattern.removeprefix(EXCEPT).partition(".")[0]
            if name in nodes or WILDCARDS & set(name):
                continue
            near = difflib.get_close_matches(name, nodes, 1)
            hint = f"did you mean {near[0]}?" if near else f"the nodes are: {', '.join(list(nodes)[:12])}"
            return Obstacle(f"training {setting} names {name!r:.60}, which is no node of the design; {hint}")
    return None
