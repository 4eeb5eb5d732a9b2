"""The table of costs: every node of the shown graph, sorted by any cost, each number with a bar for its share of the largest."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from composer.gui.look import theme
from composer.gui.session.cost_lens import written

TIME_WIDTH, NAME_WIDTH, LEAST_NAME = 88, 88, 56
WIDEST = {"params": "88.8 M", "macs": "88.8 M", "activation_bytes": "88.8 MB"}
PADDING = 24  # that a cell adds to a number
# The costs of `CostLens.value`, with their titles.
COLUMNS = {
    "params": "Params",
    "macs": "MACs",
    "activation_bytes": "Memory",
    "estimated": "Least time",
    "measured": "Measured",
}
TITLES = ("Node", *COLUMNS.values())
FEW = 8  # rows that are told one by one: an edit mostly changes one, and painting all is most of what it costs here
SORT_ROLE, SHARE_ROLE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
Costs = tuple[float | None, ...]


class CostModel(QAbstractTableModel):
    """Costs of the nodes of a graph."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, Costs]] = []
        self.tips: dict[tuple[str, str], str] = {}
        self._most: tuple[float, ...] = (1.0,) * len(COLUMNS)

    def show(self, rows: list[tuple[str, Costs]]) -> None:
        """Put rows in place: an id with its costs in the order of `COLUMNS`, None where they are not known."""
        if rows == self.rows:
            return
        same = [id for id, _ in rows] == [id for id, _ in self.rows]
        if not same:
            self.beginResetModel()
        before, most = self.rows, self._most
        self.rows = rows
        self._most = tuple(max((costs[at] or 0 for _, costs in rows), default=0) or 1 for at in range(len(COLUMNS)))
        if not same:
            self.endResetModel()
            return
        changed = [at for at, (old, new) in enumerate(zip(before, rows, strict=True)) if old != new]
        if most != self._most or len(changed) > FEW:  # another scale, another bar in every row
            changed = []
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS)))
        for at in changed:
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(COLUMNS)))

    def rowCount(self, parent: Index = ROOT) -> int:
        """Number of nodes."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Number of columns."""
        return len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One cell."""
        id, costs = self.rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if column == 0:
            return id if role in (Qt.ItemDataRole.DisplayRole, SORT_ROLE, Qt.ItemDataRole.ToolTipRole) else None
        value, cost = costs[column - 1], list(COLUMNS)[column - 1]
        if role == SORT_ROLE:
            return -1.0 if value is None else float(value)
        if role == SHARE_ROLE:
            return 0.0 if value is None else value / self._most[column - 1]
        if value is None:
            return "" if role == Qt.ItemDataRole.DisplayRole else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tips.get((id, cost)) or (
                written(cost, value) if cost in ("estimated", "measured") else f"{value:,.0f}"
            )
        return written(cost, value) if role == Qt.ItemDataRole.DisplayRole else None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class ShareDelegate(QStyledItemDelegate):
    """A number over a bar that shows its share of the largest one."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Bar first, number over it."""
        share = index.data(SHARE_ROLE)
        super().paint(painter, option, index)
        if share and share > 0.005:
            rect = QRectF(option.rect)
            width = max(2.0, (rect.width() - 12) * share)
            color = QColor(theme.tokens().accent)
            color.setAlphaF(0.55)
            painter.fillRect(QRectF(rect.right() - 6 - width, rect.bottom() - 3, width, 2), color)


class CostTable(QTableView):
    """Gives the numbers what they need and the names the rest.

    Args:
        model: the costs.
    """

    def __init__(self, model: CostModel) -> None:
        super().__init__()
        self.sorted = QSortFilterProxyModel()
        self.sorted.setSourceModel(model)
        self.sorted.setSortRole(SORT_ROLE)
        self.setModel(self.sorted)
        self.setItemDelegate(ShareDelegate(self))
        self.setSortingEnabled(True)
        self.sorted.sort(-1)  # the order of the design, until a column is clicked
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names differ at their ends: mbconv_1, mbconv_2
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.CONTROL)
        self.setAccessibleName("Costs of the nodes")
        header = self.horizontalHeader()
        header.setSortIndicatorClearable(True)
        header.setHighlightSections(False)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setMinimumSectionSize(48)
        # Fixed, because fitting to the contents measures every cell at every change.
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        # Times, where there are any, are what one looks for: in a narrow panel they come before the rest.
        header.moveSection(TITLES.index(COLUMNS["estimated"]), 1)
        header.moveSection(TITLES.index(COLUMNS["measured"]), 2)
        self.show_costs({"params", "macs", "activation_bytes"})

    def show_costs(self, costs: set[str]) -> None:
        """Show the columns that have numbers."""
        for column, cost in enumerate(COLUMNS, 1):
            self.setColumnHidden(column, cost not in costs)
        self._share_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        shown = [column for column in range(1, len(TITLES)) if not self.isColumnHidden(column)]
        times = {TITLES.index(COLUMNS[cost]) for cost in ("estimated", "measured")}
        widths = dict.fromkeys(times & set(shown), TIME_WIDTH)
        for cost, text in WIDEST.items():
            if (column := TITLES.index(COLUMNS[cost])) in shown:
                widths[column] = (
                    max(self.fontMetrics().horizontalAdvance(words) for words in (text, TITLES[column])) + PADDING
                )
        for column, width in widths.items():
            self.setColumnWidth(column, width)
        self.setColumnWidth(
            0, max(NAME_WIDTH if times & set(shown) else LEAST_NAME, self.viewport().width() - sum(widths.values()))
        )
