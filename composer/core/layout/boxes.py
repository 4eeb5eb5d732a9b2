"""Boxes of items in the coordinates of the flow, so that the layout of designs to the right and downwards is one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from composer.core.graph import Graph

Size = tuple[float, float]  # width and height in pixels


class FlowBox(NamedTuple):
    """The area of an item: its edges along the flow (first, last) and across it (top, bottom), in pixels."""

    first: float
    last: float
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        """Center along the flow."""
        return (self.first + self.last) / 2

    @property
    def line(self) -> float:
        """Center across the flow."""
        return (self.top + self.bottom) / 2

    def shifted(self, along: float, across: float = 0.0) -> "FlowBox":
        """Return this box shifted along and across the flow."""
        return FlowBox(self.first + along, self.last + along, self.top + across, self.bottom + across)

    def overlaps_across(self, other: "FlowBox") -> bool:
        """Return whether the items would meet if one moved along the flow."""
        return self.top < other.bottom and other.top < self.bottom


Boxes = dict[str, FlowBox]


def boxes_of(
    graph: Graph, sizes: Mapping[str, Size], ids: Iterable[str] | None = None, *, down: bool = False
) -> Iterator[tuple[str, FlowBox]]:
    """Yield the ids and boxes of items.

    Args:
        graph: the graph.
        sizes: width and height of each item in pixels.
        ids: the items; None for all.
        down: whether the flow runs down instead of right.
    """
    for id in graph.ids() if ids is None else ids:
        item = graph.item(id)
        assert item is not None
        (along, across), (length, depth) = item.position, sizes[id]
        if down:
            along, across, length, depth = across, along, depth, length
        yield id, FlowBox(along - length / 2, along + length / 2, across - depth / 2, across + depth / 2)
