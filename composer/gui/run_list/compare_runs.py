"""Two runs side by side: what came of them, and in which settings and parts of the network they differ."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from composer.core import units
from composer.core.diff_report import Change
from composer.core.facts import DesignFacts, NodeFacts, Totals
from composer.core.files.design_json import to_json
from composer.core.files.run_folder import RunFolder
from composer.core.graph import Design
from composer.core.run_comparison import RunDifference, design_changes, figures, setting_differences
from composer.core.run_table import RunRow
from composer.gui.look import theme
from composer.gui.run_list.shown_columns import shown_column
from composer.gui.runs import run_library
from composer.gui.session.session import Session
from composer.gui.widgets.labels import column, label
from composer.gui.workers.thread_queue import ThreadQueue
from composer.gui.workers.worker import Request

SIGNS = {"added": "+", "removed": "\N{MINUS SIGN}", "changed": "~"}
COLORS = {"added": "success", "removed": "error", "changed": "warning"}


class CompareRuns(QDialog):
    """Shows the differences of two runs.

    Args:
        session: the session, whose engine computes the costs of the designs.
        before: the earlier run.
        after: the later run.
        parent: in front of what it opens.

    Attributes:
        table: sections of rows: name, first run, second run.
    """

    def __init__(self, session: Session, before: RunRow, after: RunRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Compare runs")
        self._session, self._before, self._after = session, before, after
        self._facts: list[DesignFacts | None] = [None, None]
        self._requests: list[Request] = []
        self._reading = ThreadQueue("designs of two runs", self)
        self.table = QTreeWidget()
        self.table.setColumnCount(3)
        self.table.setHeaderLabels(["", *(run_library.name_and_time(row.info) for row in (before, after))])
        self.table.setRootIsDecorated(False)
        self.table.setIndentation(12)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setAccessibleName("Differences of two runs")
        self.table.setStyleSheet("QTreeView::item { padding: 3px 6px; }")
        for number in range(3):
            self.table.header().setSectionResizeMode(
                number, QHeaderView.ResizeMode.Stretch if number else QHeaderView.ResizeMode.ResizeToContents
            )
        self._add_section("Results", self._rows(figures(before, after)))
        settings = setting_differences(before, after)
        self._add_section("Settings" if settings else "Settings: the same", self._rows(settings))
        self._network = self._add_section("Network: reading…", [])
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.hint = label("The costs of changes appear when the engine is ready", "muted")
        self.hint.hide()
        self.setLayout(column(self.table, self.hint, buttons))
        self.resize(760, 520)
        self.finished.connect(lambda _: self._stop())
        self._read_designs()

    def _rows(self, differences: Sequence[RunDifference]) -> list[QTreeWidgetItem]:
        items = []
        for row in differences:
            texts = [
                shown_column(row.key).write(run) if row.key == "state" else text
                for run, text in ((self._before, row.before), (self._after, row.after))
            ]
            item = QTreeWidgetItem([row.title, *texts])
            item.setForeground(0, QBrush(theme.color("muted")))
            if texts[0] == texts[1]:
                for number in (1, 2):
                    item.setForeground(number, QBrush(theme.color("muted")))
            items.append(item)
        return items

    def _add_section(self, title: str, items: Sequence[QTreeWidgetItem]) -> QTreeWidgetItem:
        section = QTreeWidgetItem([title])
        section.setFont(0, theme.font(bold=True))
        self.table.addTopLevelItem(section)
        section.setFirstColumnSpanned(True)
        section.addChildren(list(items))
        section.setExpanded(True)
        return section

    # --- the designs ------------------------------------------------------------------------------------------------

    def _read_designs(self) -> None:
        """Compare the designs in a thread, then ask the engine what they cost."""
        runs = [RunFolder(row.info.path) for row in (self._before, self._after)]

        def read() -> tuple[list[Design], list[Change]]:
            designs = [run.design() for run in runs]
            return designs, design_changes(runs[0], runs[1])

        self._reading.run(read, self._on_designs, self._on_failure)

    def _on_failure(self, error: Exception) -> None:
        self._network.setText(0, f"Network: {error}")

    def _on_designs(self, result: tuple[list[Design], list[Change]]) -> None:
        designs, changes = result
        self._show_changes(changes)
        if not changes or self._session.engine_state not in ("ready", "busy"):
            return
        for number, design in enumerate(designs):
            self._requests.append(
                self._session.request(
                    "preview",
                    {"design": to_json(design), "facts": True},
                    partial(self._on_facts, number),
                )
            )

    def _on_facts(self, number: int, reply: Mapping[str, Any]) -> None:
        nodes = {path: NodeFacts.from_json(data) for path, data in reply["facts"].items()}
        self._facts[number] = DesignFacts(nodes, Totals(**reply["totals"]))
        first, second = self._facts
        if first is None or second is None:
            return
        runs = [RunFolder(row.info.path) for row in (self._before, self._after)]
        self._reading.run(lambda: design_changes(runs[0], runs[1], (first, second)), self._show_changes)

    def _show_changes(self, changes: Sequence[Change]) -> None:
        self._network.takeChildren()
        self._network.setText(0, "Network" if changes else "Network: the same")
        items = []
        for change in changes:
            costs = [
                f"{units.difference(value)} {unit}"
                for value, unit in ((change.params, "params"), (change.macs, "MACs"))
                if value
            ]
            # The report is written for terminals, with ASCII arrows.
            texts = [text.replace(" -> ", " \N{RIGHTWARDS ARROW} ") for text in (change.name, change.detail)]
            item = QTreeWidgetItem([f"{SIGNS[change.kind]}  {change.what}  {texts[0]}", texts[1], ", ".join(costs)])
            item.setForeground(0, QBrush(theme.color(COLORS[change.kind])))
            item.setForeground(2, QBrush(theme.color("muted")))
            item.setToolTip(1, texts[1])
            items.append(item)
        self._network.addChildren(items)

    def _stop(self) -> None:
        for request in self._requests:
            request.cancel()
        self._reading.stop()
