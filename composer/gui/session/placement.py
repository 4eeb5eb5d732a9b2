"""Where new items go: the contract between the document, which adds them, and the canvas, which knows its cards."""

from collections.abc import Callable, Collection
from typing import Protocol

from composer.core.blocks.catalog import Catalog
from composer.core.graph import Design, Point
from composer.core.layout import placement


class Placement(Protocol):
    """Decides on positions of new items."""

    def view_center(self) -> Point:
        """Return the position in the middle of the view."""

    def make_space(self, design: Design, ids: Collection[str], graph: str) -> Design:
        """Return the design with space around items that were just put into a graph."""


class EstimatedPlacement:
    """Placement without a canvas, by estimated card sizes.

    Args:
        catalog: returns the block catalog, whose declarations determine the card sizes.
    """

    def __init__(self, catalog: Callable[[], Catalog] = Catalog) -> None:
        self._catalog = catalog

    def view_center(self) -> Point:
        """Return the origin, for there is no view."""
        return (0.0, 0.0)

    def make_space(self, design: Design, ids: Collection[str], graph: str) -> Design:
        """See `Placement.make_space`."""
        return placement.make_space(design, ids, self._catalog(), graph=graph)
