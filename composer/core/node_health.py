"""The health of the nodes of a design, as a record of a run tells it: also of sub-graphs and repeats as a whole."""

import math
from collections.abc import Iterable, Mapping, Sequence

from composer.core.run_records import GRAD_NORM


class NodeHealth:
    """The values of each node, of each sub-graph, and of a repeat over all its iterations.

    The gradient norm of a whole is the norm of all gradients in it, any other value is the mean over its parts.

    Args:
        nodes: values by name for each path, in which an iteration is a number: ``stage_1/0/attn_1``.

    Attributes:
        names: the values that any node has.
    """

    def __init__(self, nodes: Mapping[str, Mapping[str, float]]) -> None:
        self._values: dict[tuple[str, ...], dict[str, list[float]]] = {}
        self.names = {name for row in nodes.values() for name in row}
        for path, row in nodes.items():
            ids = tuple(part for part in path.split("/") if not part.isdigit())
            for depth in range(1, len(ids) + 1):
                values = self._values.setdefault(ids[:depth], {})
                for name, value in row.items():
                    values.setdefault(name, []).append(value)

    def value(self, ids: Sequence[str], name: str) -> float | None:
        """Return a value of a node by the ids that lead to it from the main graph; None if it has none."""
        values = self._values.get(tuple(ids), {}).get(name)
        if not values:
            return None
        return math.sqrt(_sum_of_squares(values)) if name == GRAD_NORM else sum(values) / len(values)


def _sum_of_squares(values: Iterable[float]) -> float:
    return sum(value * value for value in values)
