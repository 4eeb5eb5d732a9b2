"""The model of the table of runs: groups of seeds with their runs inside, filtered, sorted, fetched page by page.

An update changes only what differs: rows that stay keep their selection, expansion and position on the screen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from composer.core.errors import UserError
from composer.core.run_cells import group_text, group_value
from composer.core.run_columns import RunColumn, column, filter_rows
from composer.core.run_groups import RunGroup, group_runs
from composer.core.run_table import RunRow, Scalar
from composer.core.units import TIMES
from composer.gui.look import theme
from composer.gui.widgets.color_chip import chip
from composer.gui.widgets.sort_header import with_arrow

Index = QModelIndex | QPersistentModelIndex
# So many lines are shown at first, and added when the user scrolls to the end.
PAGE = 200
# Icon and colour of each state, whose word is in the tooltip.
STATES = {
    "new": ("recent", "muted"),
    "training": ("play", "accent"),
    "paused": ("pause", "warning"),
    "saving": ("save", "accent"),
    "done": ("success", "success"),
    "stopped": ("stop", "muted"),
    "failed": ("error", "error"),
    "damaged": ("warning", "error"),
    "interrupted": ("warning", "warning"),
}
# If the runs of a group have several states, the first of these is shown.
ALARMING = ("damaged", "failed", "interrupted", "training", "paused", "saving", "stopped", "new")
# What people look for first; the rest is small and muted.
PROMINENT = frozenset({"name", "best"})


@dataclass(eq=False, slots=True)
class RunLine:
    """A line of the table: a group, or a run.

    Args:
        key: identifies it among the lines of its parent.
        group: its runs.
        uid: identifies it in indexes of its children.
        parent: the line of its group; None for a line of the top level.
        children: the lines of the runs of a group of several, once it was opened.
        position: its row.
        texts: the cells that were drawn, by column.
    """

    key: str
    group: RunGroup
    uid: int
    parent: "RunLine | None" = None
    children: "list[RunLine]" = field(default_factory=list)
    position: int = 0
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[RunRow, ...]:
        """Its runs."""
        return self.group.rows


class RunModel(QAbstractItemModel):
    """Runs as a tree of two levels.

    Args:
        columns: the columns; the first one has the names.
        parent: Qt parent.

    Attributes:
        columns: the columns.
        rows: all runs, in any order.
        lines: the lines of the top level that match the filter, in their order; of these, the first ones are shown.
        filter: the text that runs have to match.
        grouped: whether runs that differ in the seed only are one line.
        only_current: whether only the runs of the open network are shown.
    """

    def __init__(self, columns: Sequence[RunColumn], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.rows: tuple[RunRow, ...] = ()
        self.lines: list[RunLine] = []
        self.filter, self.grouped, self.only_current = "", True, False
        self._shown: list[RunLine] = []
        self._limit = PAGE
        self._by_uid: dict[int, RunLine] = {}
        self._next_uid = 1
        self._sort: tuple[RunColumn, bool] = (column("created"), True)
        self._colors: dict[Path, QColor] = {}
        self._current: frozenset[Path] = frozenset()

    # --- what is shown ----------------------------------------------------------------------------------------------

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """Show these runs."""
        if len(rows) == len(self.rows) and all(a is b for a, b in zip(rows, self.rows, strict=True)):
            return
        self.rows = tuple(rows)
        self._update()

    def set_filter(self, text: str) -> None:
        """Show the runs that match a filter.

        Raises:
            UserError: if the filter cannot be understood; nothing changes.
        """
        rows = filter_rows(self.rows, text)
        self.filter, self._limit = text, PAGE
        self._update(rows)

    def set_grouped(self, grouped: bool) -> None:
        """Show groups of seeds as one line, or each run as one."""
        if grouped != self.grouped:
            self.beginResetModel()
            self.grouped, self.lines, self._shown, self._by_uid = grouped, [], [], {}
            self.endResetModel()
            self._update()

    def set_columns(self, columns: Sequence[RunColumn]) -> None:
        """Show other columns."""
        self.beginResetModel()
        self.columns = tuple(columns)
        self.endResetModel()

    def set_colors(self, colors: Mapping[Path, QColor]) -> None:
        """Mark runs with the colours of their curves."""
        changed = {path for path in {*colors, *self._colors} if colors.get(path) != self._colors.get(path)}
        self._colors = dict(colors)
        self._repaint(changed)

    def set_current(self, paths: Iterable[Path]) -> None:
        """Tell which runs trained the network that is open."""
        before, self._current = self._current, frozenset(paths)
        if self.only_current and before != self._current:
            self._update()

    def set_only_current(self, only: bool) -> None:
        """Show the runs of the open network only, or all."""
        if only != self.only_current:
            self.only_current = only
            self._update()

    def sort(self, section: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        if 0 <= section < len(self.columns):
            self._sort = (self.columns[section], order == Qt.SortOrder.DescendingOrder)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)
            self._update()

    def restyle(self) -> None:
        """Draw all cells again, in the colours of the current theme."""
        if self._shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(self.columns) - 1))

    # --- lines and indexes ------------------------------------------------------------------------------------------

    def line(self, index: Index) -> RunLine | None:
        """Return the line of an index; None for the root."""
        if not index.isValid():
            return None
        if not index.internalId():
            return self._shown[index.row()]
        return self._by_uid[index.internalId()].children[index.row()]

    def line_index(self, line: RunLine, section: int = 0) -> QModelIndex:
        """Return the index of a shown line."""
        return self.createIndex(line.position, section, line.parent.uid if line.parent is not None else 0)

    def find(self, paths: Iterable[Path]) -> list[QModelIndex]:
        """Return the indexes of runs, after fetching them where necessary; a whole group is found as one line."""
        wanted, indexes = set(paths), []
        for number, line in enumerate(self.lines):
            members = [row.info.path for row in line.rows]
            if wanted.isdisjoint(members):
                continue
            while number >= len(self._shown):
                self.fetchMore()
            if wanted.issuperset(members):
                indexes.append(self.line_index(line))
            else:
                self.fetchMore(self.line_index(line))
                indexes += [self.line_index(child) for child in line.children if child.rows[0].info.path in wanted]
        return indexes

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - Qt's default
        """Return the index of a cell."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        line = self.line(parent)
        return self.createIndex(row, column, line.uid if line is not None else 0)

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        """Return the line of the group of a run."""
        if not index.isValid() or not index.internalId():
            return QModelIndex()
        line = self._by_uid.get(index.internalId())
        return self.createIndex(line.position, 0, 0) if line is not None else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of shown lines."""
        if not parent.isValid():
            return len(self._shown)
        line = self.line(parent) if parent.column() == 0 else None
        return len(line.children) if line is not None else 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return the number of columns."""
        return len(self.columns)

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        """Return whether a line can be opened."""
        if not parent.isValid():
            return bool(self._shown)
        line = self.line(parent) if parent.column() == 0 else None
        return line is not None and line.parent is None and len(line.rows) > 1

    def canFetchMore(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        """Return whether there are lines that are not shown yet."""
        if not parent.isValid():
            return len(self._shown) < len(self.lines)
        line = self.line(parent)
        return line is not None and not line.children and self.hasChildren(parent)

    def fetchMore(self, parent: Index = QModelIndex()) -> None:  # noqa: B008
        """Show the next page, or the runs of a group."""
        if not self.canFetchMore(parent):
            return
        if (line := self.line(parent)) is not None:
            self._update_children(line)
        else:
            self._limit = len(self._shown) + PAGE
            self._sync(None, self._shown, self.lines[: self._limit])

    # --- cells ------------------------------------------------------------------------------------------------------

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the title of a column."""
        if orientation == Qt.Orientation.Horizontal and section < len(self.columns):
            if role == Qt.ItemDataRole.DisplayRole:
                return self._title(section)
            if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
                return column(self.columns[section].key).title
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(section)
            if role == Qt.ItemDataRole.InitialSortOrderRole:
                descending = self.columns[section].numeric
                return Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        return None

    def _title(self, section: int) -> str:
        """Return the title of a column, with an arrow if the lines are sorted by it."""
        shown, (by, descending) = self.columns[section], self._sort
        if shown.key != by.key:
            return shown.title
        return with_arrow(shown.title, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return one cell."""
        if role not in _ROLES or (line := self.line(index)) is None:
            return None
        shown = self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(line, shown)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(line, shown)
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.color("text" if shown.key in PROMINENT else "muted")
        if role == Qt.ItemDataRole.FontRole:
            return None if shown.key in PROMINENT else theme.font(theme.SMALL)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return group_text(shown, line.group) if shown.key == "state" else self._text(line, shown)
        if shown.key == "state":
            return theme.icon(*STATES.get(_worst(line), STATES["stopped"]))
        if index.column() == 0:
            return chip(next((color for row in line.rows if (color := self._colors.get(row.info.path))), None))
        return None

    def _text(self, line: RunLine, shown: RunColumn) -> str:
        text = line.texts.get(shown.key)
        if text is None:
            if shown.key == "name" and line.parent is not None and line.group.row.seed is not None:
                text = f"seed {line.group.row.seed}"  # all else is in the line above
            elif shown.key == "name":
                times = f"  {TIMES.strip()}{len(line.rows)}" if len(line.rows) > 1 else ""
                text = f"{shown.write(line.group.row)}{times}"
            elif shown.key == "state":  # an icon, and how many have reached it where the others have not
                same = [row.info.state for row in line.rows].count(_worst(line))
                text = f"{same}/{len(line.rows)}" if same < len(line.rows) else ""
            else:
                text = group_text(shown, line.group)
            line.texts[shown.key] = text
        return text

    def _tip(self, line: RunLine, shown: RunColumn) -> str:
        row = line.group.row
        if shown.key == "state":
            return "\n".join(part for part in (group_text(shown, line.group), row.problem or row.info.message) if part)
        if shown.key == "notes" and len(line.rows) == 1:
            return row.notes.text
        if shown.key != "name":
            return group_text(column(shown.key), line.group)
        if len(line.rows) > 1:
            return f"{len(line.rows)} runs that differ in nothing but the seed"
        same = "the open network" if row.info.path in self._current else "another network than the open one"
        parts = (str(row.info.path), row.problem or row.info.message, f"{row.data}, {same}", row.notes.text)
        return "\n".join(part for part in parts if part)

    def _alignment(self, section: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if self.columns[section].numeric else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    # --- updates ----------------------------------------------------------------------------------------------------

    def _matching(self) -> list[RunRow]:
        try:
            return filter_rows(self.rows, self.filter)
        except UserError:  # the column that the filter names has gone with the last run that had it
            return []

    def _update(self, matching: Sequence[RunRow] | None = None) -> None:
        """Group and sort the runs again, and change what differs.

        Args:
            matching: the runs that match the filter; by default they are determined again.
        """
        rows = self._matching() if matching is None else list(matching)
        if self.only_current:
            rows = [row for row in rows if row.info.path in self._current]
        groups = group_runs(rows) if self.grouped else [group for row in rows for group in group_runs([row])]
        before = {line.key: line for line in self.lines}
        lines, changed = [], []
        for group in groups:
            key = group.row.group if self.grouped and group.row.group else str(group.row.info.path)
            line = before.get(key)
            if line is None:
                line = self._new_line(key, group)
            elif not _same_rows(line.group, group):
                line.group, line.texts = group, {}
                changed.append(line)
            lines.append(line)
        self.lines = self._sorted(lines)
        self._sync(None, self._shown, self.lines[: self._limit])
        for line in self._shown:
            if line.children:
                self._update_children(line)
        for line in changed:
            self._repaint_line(line)

    def _update_children(self, line: RunLine) -> None:
        if len(line.rows) == 1:
            self._sync(line, line.children, [])
            return
        before = {child.key: child for child in line.children}
        children, changed = [], []
        for row in line.rows:
            child = before.get(str(row.info.path))
            (group,) = group_runs([row])
            if child is None:
                child = self._new_line(str(row.info.path), group, line)
            elif child.rows[0] is not row:
                child.group, child.texts = group, {}
                changed.append(child)
            children.append(child)
        self._sync(line, line.children, self._sorted(children))
        for child in changed:
            self._repaint_line(child)

    def _new_line(self, key: str, group: RunGroup, parent: RunLine | None = None) -> RunLine:
        line = RunLine(key, group, self._next_uid, parent)
        self._next_uid += 1
        return line

    def _sorted(self, lines: list[RunLine]) -> list[RunLine]:
        by, descending = self._sort
        cells = [(group_value(by, line.group), line) for line in lines]
        present = [cell for cell in cells if cell[0] not in (None, "")]
        absent = [line for value, line in cells if value in (None, "")]
        present.sort(key=lambda cell: _rank(cell[0]), reverse=descending)
        return [*(line for _, line in present), *absent]

    def _sync(self, parent: RunLine | None, shown: list[RunLine], target: Sequence[RunLine]) -> None:
        """Turn the shown lines of a parent into others: remove, reorder, insert."""
        if shown == target:
            return
        root = self.line_index(parent) if parent is not None else QModelIndex()
        staying = set(target)
        for first, last in reversed(_ranges([line not in staying for line in shown])):
            self.beginRemoveRows(root, first, last)
            for line in shown[first : last + 1]:
                self._by_uid.pop(line.uid, None)
                line.children = []
            del shown[first : last + 1]
            _renumber(shown)
            self.endRemoveRows()
        here = set(shown)
        order = [line for line in target if line in here]
        if order != shown:
            self._reorder(parent, shown, order)
        for first, last in _ranges([line not in here for line in target]):
            self.beginInsertRows(root, first, last)
            shown[first:first] = target[first : last + 1]
            if parent is None:
                self._by_uid.update((line.uid, line) for line in target[first : last + 1])
            _renumber(shown)
            self.endInsertRows()

    def _reorder(self, parent: RunLine | None, shown: list[RunLine], order: list[RunLine]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        lines = [self.line(index) for index in before]
        shown[:] = order
        _renumber(shown)
        after = [
            self.line_index(line, index.column()) if line is not None else index
            for line, index in zip(lines, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _repaint(self, paths: Iterable[Path]) -> None:
        """Draw the lines of some runs again."""
        changed = set(paths)
        if not changed:
            return
        for line in self._shown:
            if any(row.info.path in changed for row in line.rows):
                self._repaint_line(line)
                for child in line.children:
                    self._repaint_line(child)

    def _repaint_line(self, line: RunLine) -> None:
        siblings = self._shown if line.parent is None else line.parent.children
        if line.position < len(siblings) and siblings[line.position] is line:
            self.dataChanged.emit(self.line_index(line), self.line_index(line, len(self.columns) - 1))


_ROLES = frozenset(
    {
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.TextAlignmentRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.FontRole,
        Qt.ItemDataRole.AccessibleTextRole,
    }
)


def _worst(line: RunLine) -> str:
    """Return the state that a person should see first."""
    states = {row.info.state for row in line.rows}
    return next((state for state in ALARMING if state in states), line.rows[0].info.state)


def _rank(value: Scalar) -> tuple[bool, float, str]:
    """Return a key by which numbers and texts sort, numbers first."""
    if isinstance(value, int | float):
        return (False, float(value), "")
    return (True, 0.0, str(value).casefold())


def _same_rows(before: RunGroup, after: RunGroup) -> bool:
    return len(before.rows) == len(after.rows) and all(a is b for a, b in zip(before.rows, after.rows, strict=True))


def _renumber(lines: Sequence[RunLine]) -> None:
    for position, line in enumerate(lines):
        line.position = position


def _ranges(marks: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the first and the last position of each row of marks.

    >>> _ranges([True, True, False, True])
    [(0, 1), (3, 3)]
    """
    ranges: list[tuple[int, int]] = []
    for position, marked in enumerate(marks):
        if marked and ranges and ranges[-1][1] == position - 1:
            ranges[-1] = (ranges[-1][0], position)
        elif marked:
            ranges.append((position, position))
    return ranges
