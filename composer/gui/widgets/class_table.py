"""The values of each class of a classifier, sortable; a click shows one class."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSignalBlocker,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from composer.core import units
from composer.core.confusion import ClassScore
from composer.gui.look import theme
from composer.gui.widgets.sort_header import SortHeader, with_arrow

Index = QModelIndex | QPersistentModelIndex
SORT = Qt.ItemDataRole.UserRole
COLUMNS = ("Class", "F1", "Precision", "Recall", "Samples")
TIPS = (
    "",
    "Harmonic mean of precision and recall",
    "Share of right ones among the predictions of the class",
    "Share of the samples of the class that are predicted correctly",
    "Samples of the class",
)
F1, BAR = 1, 2
RATES = (2, 3)
TITLE_PADDING = 18  # pixels left and right of a title, together
WIDE = 380  # pixels in which the names of the classes and all columns have space


class ClassModel(QAbstractTableModel):
    """One row for each class."""

    def __init__(self) -> None:
        super().__init__()
        self.scores: list[ClassScore] = []
        self._rows: list[tuple[str | int | float | None, ...]] = []

    def set_scores(self, scores: Sequence[ClassScore]) -> None:
        """Show other values; with the same classes, selection and scroll position stay."""
        rows: list[tuple[str | int | float | None, ...]] = [
            (score.name, score.f1, score.precision, score.recall, score.support) for score in scores
        ]
        if [row[0] for row in rows] == [row[0] for row in self._rows]:
            changed = rows != self._rows
            self.scores, self._rows = list(scores), rows
            if changed:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self.scores) - 1, len(COLUMNS) - 1))
            return
        self.beginResetModel()
        self.scores, self._rows = list(scores), rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return the number of classes."""
        return 0 if parent.isValid() else len(self.scores)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the title of a column."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                return TIPS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return one cell."""
        row, column = index.row(), index.column()
        if role == SORT:  # first, because sorting a thousand classes reads it ten thousand times
            value = self._rows[row][column]
            return self.scores[row].index if column == 0 else -1.0 if value is None else value
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(self._rows[row][column])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.color("text" if column <= F1 else "muted")
        if role == Qt.ItemDataRole.ToolTipRole and column == 0:
            return self._rows[row][0]
        return None


class ClassTable(QTableView):
    """Shows a `ClassModel`, the worst class first.

    Signals:
        class_selected: number of the class that the user has selected; None for none.
    """

    class_selected = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.rows = ClassModel()
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSortRole(SORT)
        self._proxy.setSourceModel(self.rows)
        self.setModel(self._proxy)
        self.setHorizontalHeader(SortHeader(self))
        self.setItemDelegateForColumn(F1, _BarDelegate(self))
        self.setSortingEnabled(True)
        self.sortByColumn(F1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(36)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        metrics = QFontMetrics(theme.font(theme.BODY))
        for section in range(1, len(COLUMNS)):
            title = with_arrow(COLUMNS[section], Qt.SortOrder.AscendingOrder)
            self.setColumnWidth(section, max(metrics.horizontalAdvance(title) + TITLE_PADDING, 64))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Values of each class, in percent")
        self.selectionModel().selectionChanged.connect(lambda *_: self.class_selected.emit(self.selected()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what follows from the other columns where there is no space for all."""
        super().resizeEvent(event)
        for section in RATES:
            self.setColumnHidden(section, self.viewport().width() < WIDE)

    def selected(self) -> int | None:
        """Return the number of the selected class."""
        indexes = self.selectionModel().selectedRows()
        return self.rows.scores[self._proxy.mapToSource(indexes[0]).row()].index if indexes else None

    def select(self, number: int | None) -> None:
        """Select a class without a signal."""
        with QSignalBlocker(self):
            selection = self.selectionModel()
            if number is None:
                selection.clear()
            elif number != self.selected():
                index = self._proxy.mapFromSource(self.rows.index(number, 0))
                flags = QItemSelectionModel.SelectionFlag
                selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
                self.scrollTo(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Select all classes with Escape."""
        if event.key() == Qt.Key.Key_Escape and self.selected() is not None:
            self.selectionModel().clear()
        else:
            super().keyPressEvent(event)


class _BarDelegate(QStyledItemDelegate):
    """Draws a thin bar under a share."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the number, then the bar."""
        super().paint(painter, option, index)
        share = index.data(SORT)
        if isinstance(share, float) and share >= 0:
            area = QRectF(option.rect).adjusted(6, 0, -6, -1)
            area.setTop(area.bottom() - BAR)
            painter.fillRect(area, theme.color("border"))
            area.setWidth(area.width() * share)
            painter.fillRect(area, theme.color("accent"))


def _text(value: str | int | float | None) -> str:
    """Write a name, a number of samples, or a share in percent; the heading has the unit."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else units.percent(value).removesuffix(" %")


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
