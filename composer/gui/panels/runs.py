"""The runs panel: all trainings, current and earlier, in a table, with curves, trade-offs and details beside it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QStackedWidget, QTabWidget, QWidget

from composer.core.errors import UserError
from composer.core.files.run_folder import DESIGN, list_runs
from composer.core.files.run_notes import RunNotes, write_notes
from composer.core.run_columns import FILTER_HELP, column_keys
from composer.core.run_groups import RunGroup
from composer.core.run_table import RunRow
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.run_list import shown_columns
from composer.gui.run_list.deletion import Deletion
from composer.gui.run_list.run_actions import RunActions
from composer.gui.run_list.run_details import RunDetails
from composer.gui.run_list.run_model import RunModel
from composer.gui.run_list.run_table import ColumnMenu, RunTable
from composer.gui.run_list.shown_columns import TableLayout, saved_layout
from composer.gui.run_list.trade_off import TradeOff
from composer.gui.runs import run_library
from composer.gui.runs.overlaid_runs import HUES, OverlaidRuns
from composer.gui.runs.run_process import RunHandle
from composer.gui.runs.run_scan import RunScan
from composer.gui.session.session import Session
from composer.gui.widgets.focus_keys import FocusKeys
from composer.gui.widgets.labels import column, label, refresh_icons, row, set_state, tool_button
from composer.gui.widgets.line_edit import LineEdit
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.reflow import Reflow
from composer.gui.widgets.training_plots import TrainingPlots
from composer.gui.workers.thread_queue import ThreadQueue

# While the panel is shown, it looks this often for changes: often while a run trains, which may be in another window.
ACTIVE_MS, IDLE_MS = 1000, 5000
FILTER_MS = 150


class RunsPanel(Panel):
    """Lists runs, compares them, resumes, annotates and deletes them.

    Attributes:
        rows: the listed runs by folder.
        overlay: the curves of the selected runs.
        model: the lines of the table.
        table: the table.
        trade_off: the metric of the listed runs against their costs.
        details: notes and settings of the selected runs.
        deletion: moves runs to the trash.
    """

    title = "Runs"
    icon = "runs"
    area = "bottom"
    order = 80
    shortcut = "Ctrl+Alt+R"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.rows: dict[Path, RunRow] = {}
        self._select_later: list[Path] = []  # runs that the next reading of the list brings
        self._layout = saved_layout()
        self.scan = RunScan(self)
        self.scan.read.connect(self._on_read)
        self._writing = ThreadQueue("notes of a run", self)
        self.overlay = OverlaidRuns(self)
        self.overlay.changed.connect(self._draw_curves)
        self.model = RunModel(shown_columns.shown_columns(self._layout.columns), self)
        self.table = RunTable(self.model)
        self.plots, self.notice = TrainingPlots(), Notice()
        self.trade_off, self.details = TradeOff(_name_of), RunDetails()
        self.hint_title, self.hint = label(role="title", wrap=True), label(role="muted", wrap=True)
        self.deletion = Deletion(lambda: self.rows, self.notice, self)
        self.run_actions = RunActions(session, lambda: self.selected, self.notice, self)
        self.filter = LineEdit()
        self._make_buttons()
        self._compare_soon = QTimer(self, singleShot=True, interval=0)
        self._compare_soon.timeout.connect(self._mark_current)
        self._filter_soon = QTimer(self, singleShot=True, interval=FILTER_MS)
        self._filter_soon.timeout.connect(self._apply_filter)
        self._poll = QTimer(self, singleShot=True)
        self._poll.timeout.connect(self.refresh)
        self._build()
        self._connect()
        self.model.set_grouped(self._layout.grouped)
        self.table.widths = dict(self._layout.widths or {})
        self.table.show_columns(self.model.columns, self._layout.sort_key, descending=self._layout.descending)
        self.table.layout_changed.connect(self._save_layout)
        self._update_buttons()
        self._show_hint()

    # --- actions of the user -----------------------------------------------------------------------------------------

    @property
    def selected(self) -> list[RunRow]:
        """The selected runs."""
        return [self.rows[path] for path in self.table.selected() if path in self.rows]

    def open_folder(self) -> None:
        """Let the user select a folder with runs."""
        folder = QFileDialog.getExistingDirectory(self, "Open a run, or a folder of runs")
        if folder:
            self.add_folder(Path(folder))

    def add_folder(self, folder: Path) -> None:
        """Add the runs of a folder to the list."""
        folders = list_runs(folder)
        if not folders:
            self.notice.show_message(
                f"{folder} contains no run: expected settings.json and {DESIGN} in it, or in its sub-folders", "warning"
            )
            return
        run_library.open_folder(folder)
        self._select_later = [path.absolute() for path in folders]
        self.refresh()

    def close_folder(self, folder: Path) -> None:
        """Remove an opened folder from the list; nothing on disk changes."""
        run_library.forget_folder(folder)
        self.refresh()

    def ask_delete(self) -> None:
        """Ask whether the selected runs should go to the trash."""
        self.deletion.ask(self.selected)

    def edit_notes(self) -> None:
        """Let the user type notes about the selected run."""
        self.tabs.setCurrentWidget(self.details)
        self.details.edit_notes()

    def set_grouped(self, grouped: bool) -> None:
        """Show the seeds of one setup as one line, or each run as one."""
        selected = self.table.selected()
        self.model.set_grouped(grouped)
        self.table.select(selected)
        self._draw_trade_off()
        self._save_layout()

    def _toggle_only_current(self) -> None:
        self.model.set_only_current(not self.model.only_current)
        self._draw_trade_off()

    def toggle_column(self, key: str) -> None:
        """Show or hide a column."""
        keys = [shown.key for shown in self.model.columns]
        self._show_columns([name for name in keys if name != key] if key in keys else [*keys, key])

    def _show_columns(self, keys: Sequence[str]) -> None:
        self.table.show_columns(shown_columns.shown_columns(keys))
        self._save_layout()

    def _show_column_menu(self, at: QPoint) -> None:
        keys = [shown.key for shown in self.model.columns]
        general, settings = shown_columns.choices(column_keys(self.rows.values()))
        ColumnMenu(
            self, keys, general, settings, self.toggle_column, lambda: self._show_columns(shown_columns.DEFAULT)
        ).popup(at)

    def _save_layout(self) -> None:
        key, descending = self.table.sorted_by()
        keys = tuple(shown.key for shown in self.model.columns)
        layout = TableLayout(keys, key, descending, self.model.grouped, dict(self.table.widths))
        if layout != self._layout:
            self._layout = layout
            layout.save()

    def _apply_filter(self) -> None:
        try:
            self.model.set_filter(self.filter.text())
        except UserError as error:
            set_state(self.filter, "invalid", True)
            self.filter.setToolTip(str(error))
            return
        set_state(self.filter, "invalid", False)
        self.filter.setToolTip(f"Filter: {FILTER_HELP}")
        self._draw_trade_off()

    def _write_notes(self, folder: Path, notes: RunNotes) -> None:
        """Store notes and show them in the table before the disk has them."""
        if folder in self.rows:
            self._show_rows([replace(r, notes=notes) if r.info.path == folder else r for r in self.rows.values()])
        self._writing.run(
            lambda: write_notes(folder, notes),
            lambda _: self.refresh(),
            lambda error: self.notice.show_message(f"The notes are not saved: {error}", "error"),
        )

    # --- the list ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the list of runs again, in a thread."""
        self.scan.start(run_library.roots(run.folder for run in self.session.runs))

    def _on_read(self, rows: Sequence[RunRow], complete: bool) -> None:
        if not self.isVisible():
            return
        self._show_rows(rows)
        if not complete:
            return
        if self._select_later and self.rows.keys() >= set(self._select_later):
            selection, self._select_later = self._select_later, []
            self.table.select(selection)
        self._poll.start(ACTIVE_MS if any(row.info.active for row in rows) else IDLE_MS)
        self.overlay.read()
        self._show_hint()

    def _show_rows(self, rows: Sequence[RunRow]) -> None:
        before = self.rows
        self.rows = {row.info.path: row for row in rows}
        if len(before) == len(rows) and all(before.get(row.info.path) is row for row in rows):
            return
        self.model.set_rows(rows)
        if self.filter.text() != self.model.filter:  # it named a column that no run had until now
            self._apply_filter()
        self._mark_current()
        self._draw_trade_off()
        self._update_buttons()
        self.details.show_rows(self.selected)

    def _mark_current(self) -> None:
        """Mark the runs of the current network. This runs after each edit, so it reads no file."""
        session, digest = self.session, self.session.digest  # most runs differ in their digests already
        self.model.set_current(
            path
            for path, row in self.rows.items()
            if row.info.network.digest == digest and session.is_trained_by(row.info)
        )

    def _on_double_click(self, index: QModelIndex) -> None:
        """Open or close a group; look inside a run."""
        if self.model.hasChildren(index.siblingAtColumn(0)):
            self.table.setExpanded(index.siblingAtColumn(0), not self.table.isExpanded(index.siblingAtColumn(0)))
        else:
            self.run_actions.inspect()

    def _on_run_started(self, run: RunHandle) -> None:
        run.state_changed.connect(lambda *_: self.refresh_soon())
        self.refresh_soon()

    def _on_deleted(self, gone: Sequence[Path], restored: Sequence[Path]) -> None:
        self.overlay.show_runs([])
        missing = set(gone)
        self._show_rows([row for path, row in self.rows.items() if path not in missing])
        self._select_later = list(restored)
        self._on_selection()  # what could not be moved is still selected
        self.refresh()

    def _on_selection(self) -> None:
        selected = self.selected
        self.overlay.show_runs([row.info.path for row in selected])
        self.model.set_colors(self.overlay.colors())
        self.details.show_rows(selected)
        self._draw_trade_off()
        self._update_buttons()

    def _update_buttons(self) -> None:
        actions = self.run_actions
        self.resume_button.setEnabled(actions.resumable is not None)
        self.resume_button.setToolTip(
            "Another training is running; stop it first" if actions.training else "Resume from the last checkpoint"
        )
        self.longer_button.setEnabled(actions.extensible is not None)
        self.inspect_button.setEnabled(actions.inspectable is not None)
        self.compare_button.setEnabled(bool(actions.comparable))
        self.delete_button.setEnabled(any(not row.info.active for row in self.selected))

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.run_actions.add_to(menu)
        menu.addAction("Notes and tags…", self.edit_notes).setEnabled(len(self.selected) == 1)
        menu.addAction(theme.icon("delete"), "Move to the trash…", self.ask_delete).setEnabled(
            self.delete_button.isEnabled()
        )
        menu.addSeparator()
        grouped = menu.addAction("Group the seeds of one setup", lambda: self.set_grouped(not self.model.grouped))
        grouped.setCheckable(True)
        grouped.setChecked(self.model.grouped)
        current = menu.addAction("Only runs of the open design", self._toggle_only_current)
        current.setCheckable(True)
        current.setChecked(self.model.only_current)
        menu.addAction("Columns…", lambda: self._show_column_menu(at))
        menu.addAction(theme.icon("export"), "Export the table as CSV…", self._export_csv).setEnabled(bool(self.rows))
        menu.addSeparator()
        menu.addAction(theme.icon("open"), "Open a run, or a folder of runs…", self.open_folder)
        for folder in run_library.opened_folders():
            menu.addAction(theme.icon("close"), f"Close folder {folder.name}", partial(self.close_folder, folder))
        menu.popup(at)

    def _export_csv(self) -> None:
        self.run_actions.export_csv([row for line in self.model.lines for row in line.rows])

    def _show_menu_below(self) -> None:
        self._show_menu(self.more_button.mapToGlobal(self.more_button.rect().bottomLeft()))

    # --- drawing ----------------------------------------------------------------------------------------------------

    def _draw_curves(self) -> None:
        colors, drawn = self.overlay.colors(), {str(folder) for folder, _ in self.overlay}
        for key in self.plots.drawn():
            if key not in drawn:
                self.plots.remove(key)
        if not self.isVisible():
            return
        several = len(drawn) > 1
        for folder, curves in self.overlay:
            listed = self.rows.get(folder)
            name = (run_library.name_and_time(listed.info) if listed is not None else folder.name) if several else ""
            self.plots.show_curves(curves, str(folder), colors[folder], name)
        self._show_hint()

    def _show_hint(self) -> None:
        if self.overlay.curves:
            self._pages.setCurrentWidget(self.plots)
            return
        if self.rows:
            self.hint_title.setText("Select runs")
            self.hint.setText(f"Their curves are overlaid; Ctrl or Shift adds to the selection, up to {len(HUES)} runs")
        else:
            self.hint_title.setText("No runs yet")
            self.hint.setText(
                "Every training you start is listed here, with its curves, its weights and the network it trained"
            )
        self._pages.setCurrentIndex(0)

    def _draw_trade_off(self) -> None:
        if self.tabs.currentWidget() is self.trade_off:
            self.trade_off.show_groups([line.group for line in self.model.lines], self.overlay.colors())

    def _refresh_theme(self) -> None:
        refresh_icons(self)
        self.notice.refresh_theme()
        self.model.set_colors(self.overlay.colors())
        self.model.restyle()
        self.details.refresh_theme()
        self.plots.refresh_theme()
        self.trade_off.refresh_theme()
        self._draw_curves()

    # --- building ---------------------------------------------------------------------------------------------------

    def _make_buttons(self) -> None:
        actions = self.run_actions
        self.resume_button = tool_button("play", "Resume", actions.resume)
        self.longer_button = tool_button("add", "Train longer…", actions.train_longer)
        self.inspect_button = tool_button("attention", "Show what this run's network attends to", actions.inspect)
        self.compare_button = tool_button("compare", "Compare two selected runs…", actions.compare)
        self.delete_button = tool_button("delete", "Move to the trash…", self.ask_delete)
        self.more_button = tool_button("more", "More actions", self._show_menu_below)
        self._tools = (
            self.resume_button,
            self.longer_button,
            self.inspect_button,
            self.compare_button,
            self.delete_button,
            self.more_button,
        )

    def _build(self) -> None:
        empty = QWidget()
        layout = column()
        layout.addStretch(1)
        for widget in (self.hint_title, self.hint):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(widget)
        layout.addStretch(2)
        empty.setLayout(layout)
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._pages.addWidget(self.plots)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._pages, "Curves")
        self.tabs.addTab(self.trade_off, "Trade-off")
        self.tabs.addTab(self.details, "Details")
        self.filter.setPlaceholderText("Filter runs")
        self.filter.setAccessibleName("Filter runs")
        self.filter.setToolTip(f"Filter: {FILTER_HELP}")
        self.filter.setClearButtonEnabled(True)
        left, right = QWidget(), QWidget()
        layout = column(margin=8, spacing=4)
        head = row(self.filter, spacing=4)
        head.setStretch(0, 1)
        for tool in self._tools:
            head.addWidget(tool)
        layout.addLayout(head)
        layout.addWidget(self.notice)
        layout.addWidget(self.table, 1)
        left.setLayout(layout)
        left.setMinimumWidth(280)
        right.setLayout(column(self.tabs, margin=0))
        self._split = Reflow()
        self._split.addWidget(left)
        self._split.addWidget(right)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        self._split.setSizes([620, 380])
        self.setLayout(column(self._split, margin=0))

    def _connect(self) -> None:
        session = self.session
        self.table.selection_changed.connect(self._on_selection)
        self.table.customContextMenuRequested.connect(lambda at: self._show_menu(self.table.viewport().mapToGlobal(at)))
        self.table.columns_requested.connect(self._show_column_menu)
        self.table.doubleClicked.connect(self._on_double_click)
        self.trade_off.clicked.connect(self.table.select)
        self.tabs.currentChanged.connect(lambda _: self._draw_trade_off())
        self.details.notes_changed.connect(self._write_notes)
        self.deletion.changed.connect(self._on_deleted)
        self.filter.textChanged.connect(lambda _: self._filter_soon.start())
        FocusKeys(self.table, {"Delete": self.ask_delete})
        session.document.design_changed.connect(lambda *_: self._compare_soon.start() if self.isVisible() else None)
        session.run_started.connect(self._on_run_started)
        session.theme_changed.connect(self._refresh_theme)
        for run in session.runs:
            run.state_changed.connect(lambda *_: self.refresh_soon())

    def showEvent(self, event: QShowEvent) -> None:
        """Read the runs again: others may have been added meanwhile."""
        super().showEvent(event)
        self.refresh_soon()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop reading while the panel is hidden."""
        super().hideEvent(event)
        self._poll.stop()
        self._filter_soon.stop()
        self.details.commit()
        self.overlay.stop()
        self.scan.stop()


def _name_of(group: RunGroup) -> str:
    return run_library.short_name(group.row.info)
