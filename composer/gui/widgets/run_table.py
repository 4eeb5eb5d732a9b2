"""The table of runs: one row per run, sortable, with the colour of its curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from composer.gui.look import theme

Index = QModelIndex | QPersistentModelIndex
SORT = Qt.ItemDataRole.UserRole
CHIP = 10


@dataclass(frozen=True, slots=True)
class Row:
    """A run as the table shows it.

    Args:
        path: its folder.
        cells: text and sort key of each column.
        tip: tooltip with more details.
        ink: colour token of the state's text.
    """

    path: Path
    cells: tuple[tuple[str, Any], ...]
    tip: str = ""
    ink: str = "text"


class RunModel(QAbstractTableModel):
    """The rows of the table.

    Args:
        columns: titles of the columns.
        state_column: the column whose text has the colour of the state.
        right: right-aligned columns, those of numbers.
    """

    def __init__(self, columns: Sequence[str], state_column: int, right: Sequence[int]) -> None:
        super().__init__()
        self.columns, self._state, self._right = columns, state_column, right
        self.rows: list[Row] = []
        self.colors: dict[Path, QColor] = {}

    def set_rows(self, rows: list[Row]) -> None:
        """Show rows; if the runs are the same as before, selection and scroll position stay."""
        if [row.path for row in rows] == [row.path for row in self.rows]:
            changed = [index for index, (old, new) in enumerate(zip(self.rows, rows, strict=True)) if old != new]
            self.rows = rows
            for index in changed:
                self.dataChanged.emit(self.index(index, 0), self.index(index, len(self.columns) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def set_colors(self, colors: Mapping[Path, QColor]) -> None:
        """Mark runs with the colours of their curves."""
        self.colors = dict(colors)
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return the number of runs."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the title of a column."""
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return self.columns[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return one cell."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[index.column()][0]
        if role == SORT:
            return row.cells[index.column()][1]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tip
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.color(row.ink if index.column() == self._state else "text" if index.column() == 0 else "muted")
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return _chip(self.colors.get(row.path))
        return None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column in self._right else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter


class RunTable(QTableView):
    """Shows a `RunModel`; the user sorts it.

    Args:
        model: the rows.
        newest: the column that it is first sorted by, in descending order.
    """

    def __init__(self, model: RunModel, newest: int) -> None:
        super().__init__()
        self.rows = model
        proxy = QSortFilterProxyModel(self)
        proxy.setSortRole(SORT)
        proxy.setSourceModel(model)
        self.setModel(proxy)
        self.setSortingEnabled(True)
        self.sortByColumn(newest, Qt.SortOrder.DescendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(CHIP, CHIP))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.CONTROL)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(48)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Runs")

    def selected(self) -> list[Path]:
        """Return the selected runs, from top to bottom."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        return [self.rows.rows[self.model().mapToSource(self.model().index(row, 0)).row()].path for row in rows]  # type: ignore[attr-defined]

    def select(self, paths: Sequence[Path]) -> None:
        """Select runs."""
        folders, selection = set(paths), self.selectionModel()
        flags = selection.SelectionFlag
        selection.clearSelection()
        for number, row in enumerate(self.rows.rows):
            if row.path in folders:
                index = self.model().mapFromSource(self.rows.index(number, 0))  # type: ignore[attr-defined]
                selection.select(index, flags.Select | flags.Rows)


def _chip(color: QColor | None) -> QIcon:
    pixmap = QPixmap(CHIP, CHIP)
    pixmap.fill(Qt.GlobalColor.transparent)
    if color is not None:
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(1, 1, CHIP - 2, CHIP - 2)
        painter.end()
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # otherwise Qt tints it in selected rows
        icon.addPixmap(pixmap, mode)
    return icon
