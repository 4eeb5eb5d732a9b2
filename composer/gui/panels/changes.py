"""The changes: what differs from the design that is compared with, line by line, with what it costs."""

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
NUMBERS = (4, 5)  # columns that stand at the right
HINT = "File > Compare with… shows here and on the canvas what differs from another design, and what it costs."


class ChangesPanel(Panel):
    """The list of differences.

    Args:
        session: the session.
    """

    title = "Changes"
    icon = "compare"
    area = "bottom"
    order = 45

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.hint = label(HINT, "muted", wrap=True)
        self.said = label("", wrap=True)
        self.done = button("Done", session.comparison.stop)
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setStyleSheet("QTreeView::item { padding: 0 6px; }")  # as the header has it
        self.list.setAccessibleName("Changes")
        self.list.setHeaderLabels(COLUMNS)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(28)
        for number in NUMBERS:
            self.list.headerItem().setTextAlignment(number, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for number in range(len(COLUMNS)):
            stretched = COLUMNS[number] == "Change"
            header.setSectionResizeMode(
                number, QHeaderView.ResizeMode.Stretch if stretched else QHeaderView.ResizeMode.ResizeToContents
            )
        self.list.itemClicked.connect(lambda item, _column: self._go(item.data(0, Qt.ItemDataRole.UserRole)))
        head = row(self.said, self.done)
        head.setStretch(0, 1)
        layout = column(self.hint)
        layout.addLayout(head)
        layout.addWidget(self.list, 1)
        layout.addStretch(0)
        self.setLayout(layout)
        session.comparison.changed.connect(self.refresh_soon)
        session.theme_changed.connect(self.refresh_soon)

    def refresh(self) -> None:
        """List the differences of the moment."""
        comparison = self.session.comparison
        for widget in (self.said, self.done, self.list):
            widget.setVisible(comparison.on)
        self.hint.setVisible(not comparison.on)
        self.said.setText(comparison.sentence() if comparison.on else "")
        self.list.clear()
        self.list.addTopLevelItems([_row(line) for line in comparison.lines])

    def _go(self, line: Change) -> None:
        """Show where a difference is, and select what is still there."""
        session = self.session
        path = (
            first_instance(session.document.design, line.graph)
            if not line.graph or line.graph in session.document.design.graphs
            else None
        )
        if path is None or line.what not in ("node", "wire"):
            return
        session.document.show_graph(path)
        name = line.name.removeprefix(f"{line.graph}.") if line.graph else line.name
        if line.what == "node":
            session.document.select((name,))
        else:
            session.document.select((), [wire for wire in session.document.graph.wires if str(wire) == name])


def _row(line: Change) -> QTreeWidgetItem:
    sign, colour = SIGNS[line.kind]
    costs = [units.difference(cost) if cost else "" for cost in (line.params, line.macs)]
    name, detail = (
        text.replace(" -> ", " \N{RIGHTWARDS ARROW} ") for text in (line.name, line.detail)
    )  # the report is for terminals too
    made = QTreeWidgetItem([sign, line.what, name, detail, *costs])
    made.setForeground(0, QBrush(theme.color(colour)))
    made.setData(0, Qt.ItemDataRole.UserRole, line)
    made.setSizeHint(0, QSize(0, theme.CONTROL - 4))
    made.setToolTip(0, line.kind)
    made.setToolTip(3, detail)
    made.setFont(0, theme.font(theme.BODY, bold=True))
    for number in NUMBERS:
        made.setTextAlignment(number, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made
