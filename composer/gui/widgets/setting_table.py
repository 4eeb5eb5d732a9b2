"""The trade-off table of a search: one row per setting of the variables, the best first; a click applies it."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from composer.core import units
from composer.gui.look import theme

SHARE = "of the budget"


class SettingTable(QTableWidget):
    """Settings of the variables, with the costs of the design under each.

    Signals:
        selected: values by variable.
    """

    selected = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Mapping[str, Any]] = []
        self.setAccessibleName("Settings that meet the budget")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.CONTROL)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.cellClicked.connect(lambda row, _: self._select(row))
        self.cellActivated.connect(lambda row, _: self._select(row))

    def show_rows(self, rows: Sequence[Mapping[str, Any]], params: int | None, macs: int | None) -> None:
        """Show the result of a search.

        Args:
            rows: ``values``, ``params`` and ``macs`` of each setting.
            params: the budget of parameters.
            macs: the budget of MACs.
        """
        self.rows = list(rows)
        names = list(rows[0]["values"]) if rows else []
        self.clearContents()
        self.setColumnCount(len(names) + 3)
        self.setRowCount(len(rows))
        for column, title in enumerate((*names, "Params", "MACs", "Used")):
            head = QTableWidgetItem(title)
            head.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(column, head)
        for number, setting in enumerate(rows):
            used = [setting[cost] / budget for cost, budget in (("params", params), ("macs", macs)) if budget]
            counts = [(units.count(setting[cost]), f"{setting[cost]:,}") for cost in ("params", "macs")]
            cells = [(str(setting["values"][name]), "") for name in names] + counts
            shares = " and ".join(units.percent(share) for share in used)
            cells.append((units.percent(max(used)) if used else "", f"{shares} {SHARE}"))
            for column, (text, tip) in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(tip)
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                if number == 0:
                    item.setFont(theme.font(theme.BODY, bold=True))
                self.setItem(number, column, item)

    def mark(self, values: Mapping[str, int]) -> None:
        """Select the row whose values a design has."""
        index = next((n for n, setting in enumerate(self.rows) if setting["values"].items() <= values.items()), -1)
        if index < 0:
            self.clearSelection()
            self.setCurrentCell(-1, -1)
        elif index != self.currentRow() or not self.selectedItems():
            self.selectRow(index)

    def _select(self, row: int) -> None:
        if 0 <= row < len(self.rows):
            self.selected.emit(dict(self.rows[row]["values"]))
