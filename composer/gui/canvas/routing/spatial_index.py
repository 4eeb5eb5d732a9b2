"""SpatialIndex in cells, so that those near a place are found without looking at all. Knows no Qt."""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

Rect = tuple[float, float, float, float]  # least along, least across, greatest along, greatest across
Name = TypeVar(
    "Name", bound=Any
)  # hashable, and with an order: what is found does not depend on what was put there first

CELL = 256.0
MAX_NEIGHBOURS = 24  # of so many boxes in one place no more are looked at


class SpatialIndex(Generic[Name]):
    """SpatialIndex by name."""

    def __init__(self) -> None:
        self._boxes: dict[Name, Rect] = {}
        self._cells: defaultdict[tuple[int, int], list[tuple[Rect, Name]]] = defaultdict(list)

    def get(self, name: Name) -> Rect | None:
        """The box of a name."""
        return self._boxes.get(name)

    def names(self) -> list[Name]:
        """All that have a box."""
        return list(self._boxes)

    def put(self, name: Name, box: Rect | None) -> None:
        """Give a name another box, or none."""
        before = self._boxes.pop(name, None)
        if before is not None:
            for cell in _cells(before):
                self._cells[cell].remove((before, name))
        if box is not None:
            self._boxes[name] = box
            for cell in _cells(box):
                insort(self._cells[cell], (box, name))

    def near(self, box: Rect, before: Name | None = None) -> list[tuple[Rect, Name]]:
        """SpatialIndex that overlap a box; one that lies in several cells may come several times, and of a heap not all come.

        Args:
            box: where to look.
            before: look only at names before this one; None for all.
        """
        a0, c0, a1, c1 = box
        found: list[tuple[Rect, Name]] = []
        for cell in _cells(box):
            if entries := self._cells.get(cell):
                met = [
                    entry
                    for entry in entries
                    if entry[0][0] < a1 and entry[0][2] > a0 and entry[0][1] < c1 and entry[0][3] > c0
                ]
                found += met if before is None else [entry for entry in met if entry[1] < before]
                if len(found) > MAX_NEIGHBOURS:
                    return found
        return found

    def touching(self, box: Rect) -> set[Name]:
        """The names of all boxes that overlap a box."""
        a0, c0, a1, c1 = box
        return {
            name
            for cell in _cells(box)
            for (b0, d0, b1, d1), name in self._cells.get(cell, ())
            if b0 < a1 and b1 > a0 and d0 < c1 and d1 > c0
        }


def _cells(box: Rect) -> Iterator[tuple[int, int]]:
    rows = range(int(box[1] // CELL), int(box[3] // CELL) + 1)
    for i in range(int(box[0] // CELL), int(box[2] // CELL) + 1):
        for j in rows:
            yield i, j
