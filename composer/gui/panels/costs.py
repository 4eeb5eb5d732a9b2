"""The costs: totals at a batch size, and every node of the shown graph in a table that sorts by any of them."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRectF, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QSpinBox,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
)

from composer.core import units
from composer.gui import theme
from composer.gui.panels import Panel
from composer.gui.session import Session
from composer.gui.widgets.labels import label, row

MAX_BATCH = 65_536
NUMBER_WIDTH = 70
COLUMNS = ("Node", "Params", "MACs", "Memory")
SORT_ROLE, SHARE_ROLE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
RULES = (
    "1 MAC is one multiply-add: what vision papers print as FLOPs; in operations it is twice that. Counted are matrix products, "
    "convolutions and attention, not element-wise work. Memory is what is kept for the backward pass, without the weights."
)
Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()


class CostModel(QAbstractTableModel):
    """Params, MACs and activation bytes of the nodes of a graph."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, tuple[int, int, int] | None]] = []
        self._most = (1, 1, 1)

    def show(self, rows: list[tuple[str, tuple[int, int, int] | None]]) -> None:
        """Put rows in place: an id with its costs, or None where they are not known."""
        if rows == self.rows:
            return
        same = [id for id, _ in rows] == [id for id, _ in self.rows]
        if not same:
            self.beginResetModel()
        self.rows = rows
        known = [costs for _, costs in rows if costs is not None]
        self._most = (
            max([1, *(costs[0] for costs in known)]),
            max([1, *(costs[1] for costs in known)]),
            max([1, *(costs[2] for costs in known)]),
        )
        if same:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
        else:
            self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        """Number of nodes."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        """Number of columns."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
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
        value = costs[column - 1] if costs is not None else None
        if role == SORT_ROLE:
            return -1 if value is None else float(value)
        if role == SHARE_ROLE:
            return 0.0 if value is None else value / self._most[column - 1]
        if role == Qt.ItemDataRole.ToolTipRole:
            return None if value is None else f"{value:,}"
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if value is None else units.memory(value) if column == len(COLUMNS) - 1 else units.count(value)
        return None


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
    """Gives the numbers what they need and the names the rest."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width."""
        super().resizeEvent(event)
        for column in range(1, len(COLUMNS)):
            self.setColumnWidth(column, NUMBER_WIDTH)
        self.setColumnWidth(0, max(NUMBER_WIDTH, self.viewport().width() - NUMBER_WIDTH * (len(COLUMNS) - 1)))


class CostsPanel(Panel):
    """Totals and the table.

    Args:
        session: the session.
    """

    title = "Costs"
    icon = "costs"
    area = "right"
    order = 30
    shortcut = "Ctrl+3"
    visible_at_start = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._selecting = False
        self.batch = QSpinBox(minimum=1, maximum=MAX_BATCH, value=session.batch)
        self.batch.setKeyboardTracking(False)
        self.batch.setFixedWidth(80)
        self.batch.setAccessibleName("batch")
        self.batch.setToolTip("MACs and memory are stated for a batch of this size")
        self.batch.valueChanged.connect(session.set_batch)
        self.params, self.macs, self.memory = label(), label(), label()
        totals = QGridLayout()
        totals.setHorizontalSpacing(12)
        totals.setVerticalSpacing(0)
        for column, (value, name) in enumerate(((self.params, "params"), (self.macs, "MACs"), (self.memory, "memory"))):
            value.setFont(theme.font(theme.LARGE, bold=True))
            totals.addWidget(value, 0, column)
            totals.addWidget(label(name, "small"), 1, column)
        self.model = CostModel()
        self._sorted = QSortFilterProxyModel()
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(SORT_ROLE)
        self.table = self._make_table()
        self.hint = label("Each node's parameters, multiply-adds and memory appear here while you draw.", "muted", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 8)
        layout.setSpacing(8)
        layout.addLayout(totals)
        chooser = row(label("batch", "muted"), self.batch)
        chooser.addStretch(1)
        layout.addLayout(chooser)
        layout.addWidget(self.hint)
        layout.addWidget(self.table, 1)
        self.setToolTip(RULES)
        for signal in (session.facts_changed, session.design_changed, session.shown_graph_changed):
            signal.connect(lambda *_: self.refresh_soon())
        session.selection_changed.connect(self._show_selection)

    def _make_table(self) -> QTableView:
        table = CostTable()
        table.setModel(self._sorted)
        table.setItemDelegate(ShareDelegate(table))
        table.setSortingEnabled(True)
        self._sorted.sort(-1)  # the order of the design, until a column is clicked
        table.horizontalHeader().setSortIndicatorClearable(True)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(theme.CONTROL)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setAccessibleName("Costs of the nodes")
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setMinimumSectionSize(48)
        # Fixed, because fitting to the contents measures every cell at every change.
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.selectionModel().selectionChanged.connect(lambda *_: self._select_nodes())
        table.doubleClicked.connect(lambda _: self.session.command_asked.emit("fit_selection", None))
        return table

    def refresh(self) -> None:
        """Show the costs of the moment."""
        session = self.session
        totals = session.facts.totals
        drawn = bool(session.graph.nodes)
        self.params.setText(units.count(totals.params) if drawn else "0")
        self.macs.setText(units.count(totals.macs) if drawn else "0")
        self.memory.setText(units.memory(totals.activation_bytes) if drawn else "0")
        self.params.setToolTip(f"{totals.params:,} parameters, {totals.params_trainable:,} of them trained")
        self.macs.setToolTip(f"{totals.macs:,} multiply-adds ({units.count(totals.flops)} operations) at batch {session.batch}")
        self.memory.setToolTip(f"{totals.activation_bytes:,} bytes kept for the backward pass at batch {session.batch}")
        rows = []
        for id in session.graph.nodes:
            facts = session.facts_for(id)
            known = facts is not None and facts.ok
            rows.append((id, (facts.params, facts.macs, facts.activation_bytes) if known and facts is not None else None))
        self.model.show(rows)
        self.hint.setVisible(not rows)
        self.table.setVisible(bool(rows))
        self._show_selection()

    def _select_nodes(self) -> None:
        if not self._selecting:
            chosen = [index.data() for index in self.table.selectionModel().selectedRows()]
            self.session.select(chosen)

    def _show_selection(self) -> None:
        if not self.isVisible():
            return
        chosen = set(self.session.selection)
        selection = self.table.selectionModel()
        self._selecting = True
        selection.clearSelection()
        for number in range(self._sorted.rowCount()):
            index = self._sorted.index(number, 0)
            if index.data() in chosen:
                flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
                selection.select(index, flags)
                if len(chosen) == 1:
                    self.table.scrollTo(index)
        self._selecting = False
