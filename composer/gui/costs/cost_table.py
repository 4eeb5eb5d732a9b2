"""The table of costs: the nodes of the shown graph, sortable by any cost, with a bar under each number."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from composer.gui.look import theme
from composer.gui.session.cost_lens import format_cost
from composer.gui.widgets.sort_header import SortHeader, with_arrow

NAME_WIDTH = 112  # minimum width of the node column: about sixteen characters
WIDEST = {
    "params": "88.8 M",
    "macs": "88.8 M",
    "activation_bytes": "88.8 MB",
    "estimated": "88.8 ms",
    "measured": "88.8 ms",
}
CELL_STYLE = "QTableView::item { padding: 0 4px; }"
PADDING = 16  # pixels that a cell of this style adds to the width of its number, and two to spare
# Cost name, as in `CostLens.value`, to column title.
COLUMNS = {
    "params": "Params",
    "macs": "MACs",
    "activation_bytes": "Memory",
    "estimated": "Roofline",
    "measured": "Measured",
}
TITLES = ("Node", *COLUMNS.values())
# Up to this many changed rows are reported one by one. An edit usually changes one row, and repainting the whole table
# is most of the cost of an update.
MAX_ROW_UPDATES = 8
SORT_ROLE, SHARE_ROLE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
Costs = tuple[float | None, ...]


class CostModel(QAbstractTableModel):
    """Costs of the nodes of a graph.

    Attributes:
        rows: id and costs of each node, in the order of the design.
        tips: tooltips by node id and cost name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, Costs]] = []
        self.tips: dict[tuple[str, str], str] = {}
        self._largest: tuple[float, ...] = (1.0,) * len(COLUMNS)

    def show(self, rows: list[tuple[str, Costs]]) -> None:
        """Replace the rows and notify the views of the smallest change.

        Args:
            rows: id and costs of each node in the order of `COLUMNS`; None where a cost is unknown.
        """
        if rows == self.rows:
            return
        same_nodes = [id for id, _ in rows] == [id for id, _ in self.rows]
        if not same_nodes:
            self.beginResetModel()
        before, largest = self.rows, self._largest
        self.rows = rows
        self._largest = tuple(
            max((costs[column] or 0 for _, costs in rows), default=0) or 1 for column in range(len(COLUMNS))
        )
        if not same_nodes:
            self.endResetModel()
            return
        changed = [number for number, (old, new) in enumerate(zip(before, rows, strict=True)) if old != new]
        if largest != self._largest or len(changed) > MAX_ROW_UPDATES:  # a new largest value rescales every bar
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS)))
            return
        for number in changed:
            self.dataChanged.emit(self.index(number, 0), self.index(number, len(COLUMNS)))

    def rowCount(self, parent: Index = ROOT) -> int:
        """Return the number of nodes."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Return the number of columns."""
        return len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the title of a column."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return one role of one cell; this model adds a sort value and the share of the column's largest value."""
        id, costs = self.rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.FontRole:
            return theme.font(theme.SMALL) if column else None
        if column == 0:
            return id if role in (Qt.ItemDataRole.DisplayRole, SORT_ROLE, Qt.ItemDataRole.ToolTipRole) else None
        value, cost = costs[column - 1], list(COLUMNS)[column - 1]
        if role == SORT_ROLE:
            return -1.0 if value is None else float(value)
        if role == SHARE_ROLE:
            return 0.0 if value is None else value / self._largest[column - 1]
        if value is None:
            return "" if role == Qt.ItemDataRole.DisplayRole else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tips.get((id, cost)) or (
                format_cost(cost, value) if cost in ("estimated", "measured") else f"{value:,.0f}"
            )
        return format_cost(cost, value) if role == Qt.ItemDataRole.DisplayRole else None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class ShareDelegate(QStyledItemDelegate):
    """Paints a number above a bar that shows its share of the largest number of the column."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint the number and the bar."""
        share = index.data(SHARE_ROLE)
        super().paint(painter, option, index)
        if share and share > 0.005:
            rect = QRectF(option.rect)
            width = max(2.0, (rect.width() - 12) * share)
            color = QColor(theme.tokens().accent)
            color.setAlphaF(0.55)
            painter.fillRect(QRectF(rect.right() - 6 - width, rect.bottom() - 3, width, 2), color)


class CostTable(QTableView):
    """A table whose number columns are as wide as their numbers; the node column gets the rest of the width.

    Where the panel is too narrow for the names, the table scrolls sideways instead of eliding them to nothing.

    Args:
        model: the costs.

    Attributes:
        sorted: the proxy model that sorts the rows.
    """

    def __init__(self, model: CostModel) -> None:
        super().__init__()
        self.sorted = QSortFilterProxyModel()
        self.sorted.setSourceModel(model)
        self.sorted.setSortRole(SORT_ROLE)
        self.setModel(self.sorted)
        self.setHorizontalHeader(SortHeader(self))
        self.setItemDelegate(ShareDelegate(self))
        self.setSortingEnabled(True)
        self.sorted.sort(-1)  # the order of the design until the user clicks a header
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setStyleSheet(CELL_STYLE)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names often differ only at the end: mbconv_1, mbconv_2
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.CONTROL)
        self.setAccessibleName("Costs of the nodes")
        header = self.horizontalHeader()
        header.setSortIndicatorClearable(True)
        header.setStyleSheet(f"QHeaderView::section {{ font-size: {theme.SMALL}px; padding: 4px 6px; }}")
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self._share_width)
        header.setMinimumSectionSize(48)
        # Fixed widths: resizing to the contents would measure every cell after every change.
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        # Times are shown only on request, so they come first: a narrow panel would hide them behind the other columns.
        header.moveSection(TITLES.index(COLUMNS["estimated"]), 1)
        header.moveSection(TITLES.index(COLUMNS["measured"]), 2)
        self.show_costs({"params", "macs", "activation_bytes"})

    def show_costs(self, costs: set[str]) -> None:
        """Show the columns of these costs and hide the others."""
        for column, cost in enumerate(COLUMNS, 1):
            self.setColumnHidden(column, cost not in costs)
        self._share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Distribute the new width."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        metrics = QFontMetrics(theme.font(theme.SMALL))
        used = 0
        for cost, widest in WIDEST.items():
            column = TITLES.index(COLUMNS[cost])
            if not self.isColumnHidden(column):
                title = TITLES[column]
                if column == self.horizontalHeader().sortIndicatorSection():  # only this one has an arrow
                    title = with_arrow(title, Qt.SortOrder.AscendingOrder)
                width = max(metrics.horizontalAdvance(text) for text in (widest, title)) + PADDING
                self.setColumnWidth(column, width)
                used += width
        self.setColumnWidth(0, max(NAME_WIDTH, self.viewport().width() - used))
