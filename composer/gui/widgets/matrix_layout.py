"""Where the cells and names of a confusion matrix are in its widget: sizes, hits and what is in view."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize

# Sides of a cell: the largest that fits by itself, from where names are drawn, from where numbers are, the largest.
LARGEST_FIT, NAMED, NUMBERED, LARGEST = 40.0, 12.0, 16.0, 72.0
AXIS = 18  # height of the titles of the axes
MARGIN = 4

Cell = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class MatrixLayout:
    """The geometry of a matrix in a viewport.

    Args:
        count: number of classes.
        view: size of the viewport.
        names: space that the longest name needs, with a margin on both sides.
        line: height of a line of text.
        cell: side of a cell in pixels.
        scroll: how far the matrix is scrolled, in pixels.
    """

    count: int
    view: QSize
    names: int
    line: int
    cell: float
    scroll: QPointF

    @property
    def named(self) -> bool:
        """Whether the cells are large enough for names beside them."""
        return self.cell >= NAMED

    @property
    def flat(self) -> bool:
        """Whether the names of the columns fit above them without being turned."""
        return self.names - 2 * MARGIN < self.cell

    @property
    def left(self) -> int:
        """Width of what is left of the cells."""
        return AXIS + (self.names if self.named else 0)

    @property
    def top(self) -> int:
        """Height of what is above the cells."""
        return AXIS + ((self.line if self.flat else self.names) if self.named else 0)

    @property
    def extent(self) -> float:
        """Side of the whole matrix."""
        return self.cell * self.count

    @property
    def origin(self) -> QPointF:
        """The top left corner of the first cell."""
        return QPointF(self.left, self.top) - self.scroll

    @property
    def rows(self) -> range:
        """The rows that are in view."""
        return self._range(self.origin.y(), self.top, self.view.height())

    @property
    def columns(self) -> range:
        """The columns that are in view."""
        return self._range(self.origin.x(), self.left, self.view.width())

    def _range(self, origin: float, low: int, high: int) -> range:
        first = max(0, math.floor((low - origin) / self.cell))
        return range(first, max(first, min(self.count, math.ceil((high - origin) / self.cell))))

    def rect(self, cell: Cell) -> QRectF:
        """Return the rectangle of a cell, a row or a column."""
        (row, column), origin = cell, self.origin
        return QRectF(
            origin.x() + (column or 0) * self.cell,
            origin.y() + (row or 0) * self.cell,
            self.extent if column is None else self.cell,
            self.extent if row is None else self.cell,
        )

    def cell_at(self, point: QPointF) -> Cell | None:
        """Return the cell at a point; a row or a column for a point on its name; None elsewhere."""
        origin = self.origin
        column, row = math.floor((point.x() - origin.x()) / self.cell), math.floor((point.y() - origin.y()) / self.cell)
        in_columns = 0 <= column < self.count and point.x() >= self.left
        in_rows = 0 <= row < self.count and point.y() >= self.top
        if in_columns and in_rows:
            return row, column
        if in_rows and AXIS <= point.x() < self.left:
            return row, None
        if in_columns and AXIS <= point.y() < self.top:
            return None, column
        return None


def fitting_cell(count: int, view: QSize, names: int, line: int) -> float:
    """Return the side of a cell with which a whole matrix is in view; less than a pixel for many classes."""

    def side(cell: float) -> float:
        layout = MatrixLayout(count, view, names, line, cell, QPointF())
        return min(view.width() - layout.left - MARGIN, view.height() - layout.top - MARGIN) / max(1, count)

    # Turned names take more height than flat ones, for which the cells must be as wide as the names.
    flat = max(NAMED, names - 2 * MARGIN + 1.0)
    with_flat_names, with_names, bare = side(flat), side(NAMED), side(1.0)
    turned = with_names if with_names >= NAMED else min(bare, NAMED - 1)
    size = min(with_flat_names if with_flat_names >= flat else turned, max(LARGEST_FIT, min(names, LARGEST)))
    return float(math.floor(size)) if size >= 1 else max(size, 0.05)
