"""The changes panel: the differences from the reference design, one per line, with their effect on the costs."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from composer.core import units
from composer.core.diff_report import Change
from composer.core.node_paths import first_instance
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.session.session import Session
from composer.gui.widgets.labels import button, column, label, row

SIGNS = {"added": ("+", "success"), "removed": ("\N{MINUS SIGN}", "error"), "changed": ("~", "warning")}
COLUMNS = ("", "What", "Name", "Change", "Params", "MACs")
NUMBER_COLUMNS = (4, 5)
HINT = "File > Compare with… lists the differences from another design here and marks them on the canvas."


class ChangesPanel(Panel):
    """The list of differences.

    Args:
        session: the session.

    Attributes:
        hint: shown while no comparison is active.
        summary: the comparison in one sentence.
        done: the button that ends the comparison.
        list: one row per difference.
    """

    title = "Changes"
    icon = "compare"
    area = "bottom"
    order = 45
    shortcut = "Ctrl+5"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.hint = label(HINT, "muted", wrap=True)
        self.summary = label("", wrap=True)
        self.done = button("Done", session.comparison.stop)
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setStyleSheet("QTreeView::item { padding: 0 6px; }")  # the padding of the header
        self.list.setAccessibleName("Changes")
        self.list.setHeaderLabels(COLUMNS)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(28)
        for number in NUMBER_COLUMNS:
            self.list.headerItem().setTextAlignment(number, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for number in range(len(COLUMNS)):
            stretched = COLUMNS[number] == "Change"
            header.setSectionResizeMode(
                number, QHeaderView.ResizeMode.Stretch if stretched else QHeaderView.ResizeMode.ResizeToContents
            )
        self.list.itemClicked.connect(lambda item, _column: self._show_change(item.data(0, Qt.ItemDataRole.UserRole)))
        head = row(self.summary, self.done)
        head.setStretch(0, 1)
        layout = column(self.hint)
        layout.addLayout(head)
        layout.addWidget(self.list, 1)
        layout.addStretch(0)
        self.setLayout(layout)
        session.comparison.changed.connect(self.refresh_soon)
        session.theme_changed.connect(self.refresh_soon)

    def refresh(self) -> None:
        """List the current differences."""
        comparison = self.session.comparison
        for widget in (self.summary, self.done, self.list):
            widget.setVisible(comparison.on)
        self.hint.setVisible(not comparison.on)
        self.summary.setText(comparison.summary() if comparison.on else "")
        self.list.clear()
        self.list.addTopLevelItems([_row(change) for change in comparison.lines])

    def _show_change(self, change: Change) -> None:
        """Show the graph of a difference and select the node or wire, if it still exists."""
        session = self.session
        path = (
            first_instance(session.document.design, change.graph)
            if not change.graph or change.graph in session.document.design.graphs
            else None
        )
        if path is None or change.what not in ("node", "wire"):
            return
        session.document.show_graph(path)
        name = change.name.removeprefix(f"{change.graph}.") if change.graph else change.name
        if change.what == "node":
            session.document.select((name,))
        else:
            session.document.select((), [wire for wire in session.document.graph.wires if str(wire) == name])


def _row(change: Change) -> QTreeWidgetItem:
    sign, color = SIGNS[change.kind]
    costs = [units.difference(cost) if cost else "" for cost in (change.params, change.macs)]
    # The report is written for terminals, with ASCII arrows.
    name, detail = (text.replace(" -> ", " \N{RIGHTWARDS ARROW} ") for text in (change.name, change.detail))
    item = QTreeWidgetItem([sign, change.what, name, detail, *costs])
    item.setForeground(0, QBrush(theme.color(color)))
    item.setData(0, Qt.ItemDataRole.UserRole, change)
    item.setSizeHint(0, QSize(0, theme.CONTROL - 4))
    item.setToolTip(0, change.kind)
    item.setToolTip(3, detail)
    item.setFont(0, theme.font(theme.BODY, bold=True))
    for number in NUMBER_COLUMNS:
        item.setTextAlignment(number, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
