"""A grid of cells that finds the rectangles near a place without looking at all of them. Knows no Qt."""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

Rect = tuple[float, float, float, float]  # least along, least across, greatest along, greatest across
# Keys are hashable and ordered: cells are sorted, so results do not depend on the order of insertion.
RectKey = TypeVar("RectKey", bound=Any)

CELL = 256.0
MAX_NEIGHBORS = 24  # a search ends once it has more: of cards in a heap not all are looked at


class SpatialIndex(Generic[RectKey]):
    """Rectangles by key."""

    def __init__(self) -> None:
        self._rects: dict[RectKey, Rect] = {}
        self._cells: defaultdict[tuple[int, int], list[tuple[Rect, RectKey]]] = defaultdict(list)

    def get(self, key: RectKey) -> Rect | None:
        """Return the rectangle of a key; None if it has none."""
        return self._rects.get(key)

    def keys(self) -> list[RectKey]:
        """Return the keys that have a rectangle."""
        return list(self._rects)

    def put(self, key: RectKey, rect: Rect | None) -> None:
        """Replace the rectangle of a key; None removes it."""
        before = self._rects.pop(key, None)
        if before is not None:
            for cell in _cells(before):
                self._cells[cell].remove((before, key))
        if rect is not None:
            self._rects[key] = rect
            for cell in _cells(rect):
                insort(self._cells[cell], (rect, key))

    def near(self, rect: Rect, before: RectKey | None = None) -> list[tuple[Rect, RectKey]]:
        """Return the rectangles that overlap a rectangle, with their keys.

        One that is in several cells may come several times. The search ends after the cell with which the result
        exceeds `MAX_NEIGHBORS`.

        Args:
            rect: where to search.
            before: return only keys less than this one; None for all.
        """
        a0, c0, a1, c1 = rect
        neighbors: list[tuple[Rect, RectKey]] = []
        for cell in _cells(rect):
            if entries := self._cells.get(cell):
                overlapping = [
                    entry
                    for entry in entries
                    if entry[0][0] < a1 and entry[0][2] > a0 and entry[0][1] < c1 and entry[0][3] > c0
                ]
                neighbors += overlapping if before is None else [entry for entry in overlapping if entry[1] < before]
                if len(neighbors) > MAX_NEIGHBORS:
                    return neighbors
        return neighbors

    def touching(self, rect: Rect) -> set[RectKey]:
        """Return the keys of all rectangles that overlap a rectangle."""
        a0, c0, a1, c1 = rect
        return {
            key
            for cell in _cells(rect)
            for (b0, d0, b1, d1), key in self._cells.get(cell, ())
            if b0 < a1 and b1 > a0 and d0 < c1 and d1 > c0
        }


def _cells(rect: Rect) -> Iterator[tuple[int, int]]:
    """Yield the cells that a rectangle overlaps."""
    rows = range(int(rect[1] // CELL), int(rect[3] // CELL) + 1)
    for i in range(int(rect[0] // CELL), int(rect[2] // CELL) + 1):
        for j in rows:
            yield i, j
