"""The details of the selected runs: notes and tags of one; the settings of one, or those in which several differ."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from composer.core.files.run_notes import RunNotes, parse_tags
from composer.core.run_columns import COLUMNS, RunColumn, column
from composer.core.run_groups import differing_settings
from composer.core.run_table import RunRow, flat_settings
from composer.gui.look import theme
from composer.gui.run_list.shown_columns import shown_column
from composer.gui.widgets.labels import column as column_layout
from composer.gui.widgets.labels import label, named
from composer.gui.widgets.line_edit import LineEdit
from composer.gui.widgets.text_box import TextBox

# More runs side by side are unreadable.
MOST = 8
_WRITTEN_ELSEWHERE = frozenset({"name", "notes", "tags"})
# Settings that are among the general values already.
_ABOVE = frozenset({"seed", "data", "epochs"})


class RunDetails(QWidget):
    """Shows what the table has no space for.

    Attributes:
        tags: the tags of the selected run.
        text: its notes.
        values: names and values, one column for each run.

    Signals:
        notes_changed: folder of a run, and the notes that the user gives it.
    """

    notes_changed = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[RunRow, ...] = ()
        self._notes = RunNotes()
        self._folder: Path | None = None
        self.tags = named(LineEdit(), "Tags", "Words by which the filter finds the run, separated by spaces")
        self.tags.setPlaceholderText("Tags")
        self.tags.editingFinished.connect(self._commit)
        self.text = TextBox(2, "Notes")
        self.text.setAccessibleName("Notes")
        self.text.committed.connect(lambda _: self._commit())
        self.hint = label("", "muted", wrap=True)
        self.values = QTreeWidget()
        self.values.setRootIsDecorated(False)
        self.values.setUniformRowHeights(True)
        self.values.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.values.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.values.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.values.setAccessibleName("Settings of the selected runs")
        self.values.setStyleSheet("QTreeView::item { padding: 2px 6px; }")
        self.values.header().setStretchLastSection(True)
        self.values.header().setSectionsMovable(False)
        layout = column_layout(self.tags, self.text, self.hint, margin=8, spacing=4)
        layout.addWidget(self.values, 1)
        layout.addStretch(0)
        self.setLayout(layout)
        self.show_rows(())

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        """Show the details of runs."""
        shown = tuple(rows[:MOST])
        if len(shown) == len(self._rows) and all(a is b for a, b in zip(shown, self._rows, strict=True)) and shown:
            return
        self._rows = shown
        one = shown[0] if len(shown) == 1 else None
        self._show_notes(one)
        self.values.setVisible(bool(shown))
        self.hint.setVisible(not shown or len(rows) > MOST)
        if not shown:
            self.hint.setText("Select a run to see its settings and to note something; select several to compare them.")
            return
        self.hint.setText(f"The first {MOST} of {len(rows)} runs")
        self._fill(*(_values_of(one) if one is not None else _differences(shown)))

    def edit_notes(self) -> None:
        """Let the user type notes."""
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def commit(self) -> None:
        """Take over what is being typed."""
        self.text.commit()
        self._commit()

    def refresh_theme(self) -> None:
        """Redraw in the colours of the current theme."""
        rows, self._rows = self._rows, ()
        self.show_rows(rows)

    def _show_notes(self, row: RunRow | None) -> None:
        if self._folder is not None and (row is None or row.info.path != self._folder):
            self.commit()  # the text belongs to the run that was selected until now
        for field in (self.tags, self.text):
            field.setVisible(row is not None)
        self._folder = row.info.path if row is not None else None
        if row is None:
            return
        self._notes = row.notes
        self.text.show_text(row.notes.text)
        if not self.tags.hasFocus():
            self.tags.setText(" ".join(row.notes.tags))
            self.tags.forget_typing()

    def _commit(self) -> None:
        notes = RunNotes(self.text.toPlainText(), parse_tags(self.tags.text()))
        if self._folder is not None and notes != self._notes:
            self._notes = notes
            self.notes_changed.emit(self._folder, notes)

    def _fill(self, titles: Sequence[str], lines: Sequence[tuple[str, Sequence[str], bool]]) -> None:
        """Show a table of names and values; True marks what is not the default."""
        self.values.clear()
        self.values.setColumnCount(len(titles) + 1)
        self.values.setHeaderLabels(["", *titles])
        self.values.setHeaderHidden(len(titles) == 1)
        muted, text = QBrush(theme.color("muted")), QBrush(theme.color("text"))
        items = []
        for name, cells, prominent in lines:
            item = QTreeWidgetItem([name, *cells])
            item.setForeground(0, muted)
            for number, cell in enumerate(cells, 1):
                item.setForeground(number, text if prominent else muted)
                item.setToolTip(number, cell)
            items.append(item)
        self.values.addTopLevelItems(items)
        self._divide()

    def _divide(self) -> None:
        """Give the names what they need, but never more than the values have."""
        header, columns = self.values.header(), self.values.columnCount()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        needed = max(self.values.sizeHintForColumn(0), 48)
        header.resizeSection(0, min(needed, self.values.viewport().width() // max(2, columns)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the new width."""
        super().resizeEvent(event)
        self._divide()


def _values_of(row: RunRow) -> tuple[list[str], list[tuple[str, list[str], bool]]]:
    """Return what is known of one run: the general values, then its settings."""
    lines = [
        (column(entry.key).title, [text], True)
        for entry in map(shown_column, COLUMNS)
        if entry.key not in _WRITTEN_ELSEWHERE and (text := _long(entry, row)) not in ("", "-")
    ]
    defaults = flat_settings({})
    for key, value in row.settings.items():
        if key not in _ABOVE and (text := column(key).write(row)) not in ("", "-"):
            lines.append((column(key).title, [text], value != defaults.get(key)))
    return [row.name], lines


def _long(entry: RunColumn, row: RunRow) -> str:
    """Return a value where there is space for it: with the time beside the day."""
    return column(entry.key).write(row) if entry.key == "created" else entry.write(row)


def _differences(rows: Sequence[RunRow]) -> tuple[list[str], list[tuple[str, list[str], bool]]]:
    """Return in what several runs differ."""
    general = [entry for entry in map(shown_column, COLUMNS) if entry.key not in ("name", "notes", "problem")]
    settings = [key for key in differing_settings(rows) if key not in COLUMNS]
    columns = [*general, *map(column, settings)]
    lines = []
    for entry in columns:
        texts = [entry.write(row) for row in rows]
        if len(set(texts)) > 1:
            lines.append((column(entry.key).title, texts, True))
    names = [shown_column("name").write(row) for row in rows]
    same = len(set(names)) < len(names)
    return [f"{name}, seed {row.seed}" if same else name for name, row in zip(names, rows, strict=True)], lines
