"""The table of runs: groups that expand, sortable columns that the user chooses, a menu on its header."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView, QWidget

from composer.core.run_columns import RunColumn
from composer.gui.look import theme
from composer.gui.run_list.run_model import PROMINENT, RunModel
from composer.gui.widgets.color_chip import CHIP

# Lines whose texts decide the first width of a column.
SAMPLE = 40
NARROWEST, WIDEST, NAME_WIDTH = 32, 200, 112
CELL_PADDING = 20


class RunTable(QTreeView):
    """Shows a `RunModel`.

    Args:
        model: the runs.

    Attributes:
        runs: the model.

    Signals:
        selection_changed: other runs are selected.
        columns_requested: a place on the screen at which the user wants to choose columns.
        layout_changed: the user has sorted, or changed the width of a column.
    """

    selection_changed = Signal()
    columns_requested = Signal(QPoint)
    layout_changed = Signal()

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        self.runs = model
        self.widths: dict[str, int] = {}
        self._fitting = False
        self._unfitted = True
        self.setModel(model)
        self.setUniformRowHeights(True)  # otherwise Qt measures every row
        self.setIndentation(14)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setExpandsOnDoubleClick(False)
        self.setAllColumnsShowFocus(True)
        self.setWordWrap(False)
        self.setIconSize(QSize(CHIP, CHIP))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setStyleSheet(
            f"QTreeView::item {{ padding: 0 6px; height: {theme.CONTROL}px; }}"
            f"QHeaderView::section {{ font-size: {theme.SMALL}px; padding: 4px 6px; }}"
            # Qt draws its mark over the title; the model writes one behind it.
            "QHeaderView::up-arrow, QHeaderView::down-arrow { width: 0; height: 0; image: none; }"
        )
        header = self.header()
        header.setHighlightSections(False)
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(NARROWEST)
        header.setSectionsMovable(False)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(
            lambda at: self.columns_requested.emit(header.viewport().mapToGlobal(at))
        )
        header.sectionResized.connect(self._on_resized)
        header.sortIndicatorChanged.connect(lambda *_: self._on_sorted())
        self.setSortingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Runs")
        # A click emits several signals of the selection; one update follows all of them.
        self._selected_soon = QTimer(self, singleShot=True, interval=0)
        self._selected_soon.timeout.connect(self.selection_changed)
        self.selectionModel().selectionChanged.connect(lambda *_: self._selected_soon.start())
        model.rowsInserted.connect(lambda *_: self.fit_columns() if self._unfitted else None)

    # --- the selection ----------------------------------------------------------------------------------------------

    def selected(self) -> list[Path]:
        """Return the selected runs, from top to bottom; those of a selected group are all selected."""
        lines = [line for index in self.selectionModel().selectedRows() if (line := self.runs.line(index)) is not None]
        lines.sort(
            key=lambda line: (line.parent.position, line.position) if line.parent is not None else (line.position, -1)
        )
        return list(dict.fromkeys(row.info.path for line in lines for row in line.rows))

    def select(self, paths: Iterable[Path]) -> None:
        """Select runs, and show the first."""
        flags, selection = QItemSelectionModel.SelectionFlag, QItemSelection()
        indexes = self.runs.find(paths)
        for index in indexes:
            selection.select(index, index)
        self.selectionModel().select(selection, flags.ClearAndSelect | flags.Rows)
        if indexes:
            self.selectionModel().setCurrentIndex(indexes[0], flags.NoUpdate)
            self.scrollTo(indexes[0])

    # --- columns ----------------------------------------------------------------------------------------------------

    def show_columns(self, columns: Sequence[RunColumn], sort_key: str = "", *, descending: bool = True) -> None:
        """Show columns, keeping selection and expansion.

        Args:
            columns: the columns, that of the names first.
            sort_key: the column to sort by; by default the present one.
            descending: whether from high to low.
        """
        header = self.header()
        present = self.sorted_by()
        key, descending = (sort_key, descending) if sort_key else present
        selected = self.selected()
        open_keys = [
            line.key for line in self.runs.lines if line.children and self.isExpanded(self.runs.line_index(line))
        ]
        self._fitting = True
        self.runs.set_columns(columns)
        keys = [shown.key for shown in columns]
        header.setSortIndicator(
            keys.index(key) if key in keys else -1,
            Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder,
        )
        for number in range(len(columns)):
            header.setSectionResizeMode(
                number, QHeaderView.ResizeMode.Stretch if number == 0 else QHeaderView.ResizeMode.Interactive
            )
        self._fitting = False
        for line in self.runs.lines:
            if line.key in open_keys:
                self.expand(self.runs.line_index(line))
        if selected:
            self.select(selected)
        self.fit_columns()

    def sorted_by(self) -> tuple[str, bool]:
        """Return the column that the table is sorted by, and whether from high to low."""
        header, columns = self.header(), self.runs.columns
        section = header.sortIndicatorSection()
        key = columns[section].key if 0 <= section < len(columns) else "created"
        return key, header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder

    def fit_columns(self) -> None:
        """Give each column the width of its texts, or the one that the user has given it; names take the rest."""
        lines = self.runs.lines[:SAMPLE]
        self._fitting, self._unfitted = True, not lines
        for number, shown in enumerate(self.runs.columns):
            if number:
                self.header().resizeSection(number, self.widths.get(shown.key) or self._width(number, len(lines)))
        self._fitting = False
        self._fit_name()

    def _width(self, number: int, lines: int) -> int:
        shown = self.runs.columns[number]
        small = QFontMetrics(theme.font(theme.SMALL))
        metrics = QFontMetrics(theme.font()) if shown.key in PROMINENT else small
        texts = (str(self.runs.index(line, number).data() or "") for line in range(min(lines, self.runs.rowCount())))
        widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
        title = small.horizontalAdvance(str(self.runs.headerData(number, Qt.Orientation.Horizontal)))
        return max(NARROWEST, min(WIDEST, max(title, widest) + CELL_PADDING))

    def _fit_name(self) -> None:
        """Let the names take what the other columns leave, but never less than a name needs."""
        header = self.header()
        others = sum(header.sectionSize(number) for number in range(1, header.count()))
        enough = self.viewport().width() - others >= NAME_WIDTH
        mode = QHeaderView.ResizeMode.Stretch if enough else QHeaderView.ResizeMode.Interactive
        if header.count() and header.sectionResizeMode(0) != mode:
            self._fitting = True
            header.setSectionResizeMode(0, mode)
            self._fitting = False
        if header.count() and not enough and header.sectionSize(0) != NAME_WIDTH:
            self._fitting = True
            header.resizeSection(0, NAME_WIDTH)
            self._fitting = False

    def _on_resized(self, number: int, _before: int, width: int) -> None:
        if not self._fitting and number and number < len(self.runs.columns):
            self.widths[self.runs.columns[number].key] = width
            self.layout_changed.emit()
            self._fit_name()

    def _on_sorted(self) -> None:
        if not self._fitting:
            self.fit_columns()  # the mark of the sorted column takes space
            self.layout_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the new width."""
        super().resizeEvent(event)
        self._fit_name()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open and close a group by Return, as by the arrow keys."""
        index = self.currentIndex().siblingAtColumn(0)
        line = self.runs.line(index)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and line is not None and line.children:
            self.setExpanded(index, not self.isExpanded(index))
            return
        super().keyPressEvent(event)


class ColumnMenu(QMenu):
    """A menu in which the shown columns are checked; it stays open while the user checks several.

    Args:
        parent: Qt parent.
        shown: keys of the shown columns.
        general: the columns that all runs have.
        settings: the columns of training settings.
        toggle: shows or hides a column.
        reset: shows the columns of the first start again.
    """

    def __init__(
        self,
        parent: QWidget,
        shown: Sequence[str],
        general: Sequence[RunColumn],
        settings: Sequence[RunColumn],
        toggle: Callable[[str], object],
        reset: Callable[[], object],
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fill(self, shown, general, toggle)
        self.addSeparator()
        self.settings = _StayingMenu("Training settings", self)
        self._fill(self.settings, shown, settings, toggle)
        self.addMenu(self.settings)
        self.addSeparator()
        self.addAction("Reset columns", reset)

    @staticmethod
    def _fill(menu: QMenu, shown: Sequence[str], columns: Sequence[RunColumn], toggle: Callable[[str], object]) -> None:
        for entry in columns:
            action = menu.addAction(entry.title)
            action.setCheckable(True)
            action.setChecked(entry.key in shown)
            action.triggered.connect(partial(_toggle, toggle, entry.key))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Check a column without closing."""
        if not _check(self, event):
            super().mouseReleaseEvent(event)


class _StayingMenu(QMenu):
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Check an item without closing."""
        if not _check(self, event):
            super().mouseReleaseEvent(event)


def _check(menu: QMenu, event: QMouseEvent) -> bool:
    action = cast("QAction | None", menu.actionAt(event.position().toPoint()))  # None between the items
    if action is None or not action.isCheckable():
        return False
    action.trigger()
    return True


def _toggle(toggle: Callable[[str], object], key: str, _checked: bool) -> None:
    toggle(key)
