"""The trade-off table of a search: one row a setting, the best first; a click takes it over."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from composer.core import units
from composer.gui.look import theme

SHARE = "of the budget"


class SettingTable(QTableWidget):
    """Settings of variables with what the design costs with each."""

    chosen = Signal(dict)  # values by variable

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
        self.cellClicked.connect(lambda row, _: self._choose(row))
        self.cellActivated.connect(lambda row, _: self._choose(row))

    def show_rows(self, rows: Sequence[Mapping[str, Any]], params: int | None, macs: int | None) -> None:
        """Show what a search found.

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
        for number, found in enumerate(rows):
            used = [found[cost] / budget for cost, budget in (("params", params), ("macs", macs)) if budget]
            counts = [(units.count(found[cost]), f"{found[cost]:,}") for cost in ("params", "macs")]
            cells = [(str(found["values"][name]), "") for name in names] + counts
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
        at = next(
            (
                n
                for n, found in enumerate(self.rows)
                if all(values.get(name) == value for name, value in found["values"].items())
            ),
            -1,
        )
        if at < 0:
            self.clearSelection()
            self.setCurrentCell(-1, -1)
        elif at != self.currentRow() or not self.selectedItems():
            self.selectRow(at)

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self.rows):
            self.chosen.emit(dict(self.rows[row]["values"]))
