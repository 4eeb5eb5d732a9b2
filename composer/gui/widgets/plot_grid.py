"""A scrolling grid of plots: as many columns as fit, and rows that are never squeezed below a readable height."""

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

# Pixels: the smallest readable plot, the gap between two, and how much of the next row shows that there is one.
MIN_CELL = QSize(224, 144)
GAP, PEEK = 8, 24


class PlotGrid(QScrollArea):
    """Arranges plots by its own size; what does not fit is below, a scroll away.

    Attributes:
        cells: the plots, each in one cell of the grid.
        bands: widgets below them that take the whole width; each has a height for a width.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[QWidget] = []
        self.bands: list[QWidget] = []
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the arrow and page keys scroll
        self._body = QWidget()
        self._body.installEventFilter(self)
        self.setWidget(self._body)

    def add_cell(self, widget: QWidget) -> None:
        """Append a plot."""
        widget.setParent(self._body)
        self.cells.append(widget)
        widget.show()

    def add_band(self, widget: QWidget) -> None:
        """Append a widget that takes the whole width."""
        widget.setParent(self._body)
        self.bands.append(widget)

    def arrange(self) -> None:
        """Place everything that is not hidden."""
        area = self.viewport().size()
        shown = [cell for cell in self.cells if not cell.isHidden()]
        columns, height = grid(area, len(shown), more=any(not band.isHidden() for band in self.bands))
        width = (area.width() - (columns - 1) * GAP) // columns
        for index, cell in enumerate(shown):
            line, column = divmod(index, columns)
            cell.setGeometry(column * (width + GAP), line * (height + GAP), width, height)
        bottom = -(-len(shown) // columns) * (height + GAP)
        for band in self.bands:
            if not band.isHidden():
                band.setGeometry(QRect(0, bottom, area.width(), band.heightForWidth(area.width())))
                bottom += band.height() + GAP
        self._body.resize(area.width(), max(bottom - GAP, 0))
        self.verticalScrollBar().setSingleStep(max(1, height // 4))

    def sizeHint(self) -> QSize:
        """Return a size that fits a low dock."""
        return QSize(2 * MIN_CELL.width(), MIN_CELL.height())

    def minimumSizeHint(self) -> QSize:
        """Return a small size; the content scrolls."""
        return QSize(120, 96)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the plots for the new size."""
        super().resizeEvent(event)
        self.arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrange the plots again when one of them is shown, hidden or changes its size hint."""
        if watched is self._body and event.type() == QEvent.Type.LayoutRequest:
            self.arrange()
        return super().eventFilter(watched, event)


def grid(area: QSize, count: int, *, more: bool = False) -> tuple[int, int]:
    """Return the number of columns and the height of a row.

    Args:
        area: the visible area.
        count: number of plots.
        more: whether there is something below the plots.
    """
    most = max(1, min(count, (area.width() + GAP) // (MIN_CELL.width() + GAP)))
    lines = max(1, -(-count // most))
    columns = max(1, -(-count // lines))  # as even as possible: 3 + 3 rather than 4 + 2
    visible = max(1, min(lines, (area.height() + GAP) // (MIN_CELL.height() + GAP)))
    space = area.height() - (PEEK if visible < lines or more else 0)
    return columns, max(MIN_CELL.height(), (space + GAP) // visible - GAP)
