"""The costs panel: totals at a batch size; pages for the nodes, memory and time; and the choice of the heat map."""

from collections import Counter

from PySide6.QtCore import QItemSelectionModel, QSignalBlocker
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QGridLayout, QTabWidget, QVBoxLayout, QWidget

from composer.core import units
from composer.core.diff import Diff
from composer.core.facts import NodeFacts
from composer.gui.costs.cost_memory import MemoryPage
from composer.gui.costs.cost_table import COLUMNS, CostModel, Costs, CostTable
from composer.gui.costs.cost_time import TimePage
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.session.cost_lens import COSTS, HEATS, HOW_TO_ENABLE
from composer.gui.session.session import Session
from composer.gui.widgets.count_field import CountField
from composer.gui.widgets.labels import column as column_layout
from composer.gui.widgets.labels import label, row

MAX_BATCH = 65_536
RULES = (
    "1 MAC is one multiply-add, which vision papers often print as 1 FLOP; it is two floating-point operations. "
    "Matrix products, convolutions and attention are counted, element-wise operations are not. "
    "Memory is what the forward pass saves for the backward pass, without the weights."
)
# The facts and the instance path that a row was computed from, and the row.
CachedRow = tuple[NodeFacts | None, tuple[str, ...], Costs]


class CostsPanel(Panel):
    """Totals of the network above three pages: nodes, memory, time.

    Args:
        session: the session.

    Attributes:
        params: the total of parameters.
        macs: the total of multiply-adds.
        memory: the total of activation memory.
        batch: the batch size that all costs are stated for.
        heat: which cost the canvas shows as a heat map.
        table: the costs of the nodes; `model` holds its rows.
        parts: the memory page.
        time: the time page.
        tabs: the three pages.
        hint: shown instead of the costs while nothing is drawn.
    """

    title = "Costs"
    icon = "costs"
    area = "right"
    order = 30
    shortcut = "Ctrl+3"
    visible_at_start = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._selecting = False
        # By node id. A row is valid while the node's facts are the same object; a change of the lens clears all rows.
        self._rows: dict[str, CachedRow] = {}
        self.batch = CountField(minimum=1, maximum=MAX_BATCH, value=session.batch)
        self.batch.setKeyboardTracking(False)
        self.batch.setFixedWidth(80)
        self.batch.setAccessibleName("batch")
        self.batch.setToolTip("The batch size for MACs, memory and times")
        self.batch.valueChanged.connect(session.set_batch)
        self.heat = QComboBox()
        self.heat.setAccessibleName("Heat map")
        self.heat.setToolTip("Colour the nodes on the canvas by this cost")
        for heat, text in HEATS.items():
            self.heat.addItem(text, heat)
        self.heat.insertSeparator(1 + len(COSTS))
        self.heat.activated.connect(lambda _: session.lens.set_heat(self.heat.currentData()))
        self.params, self.macs, self.memory = label(), label(), label()
        self.model = CostModel()
        self.table = CostTable(self.model)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._select_nodes())
        self.table.doubleClicked.connect(lambda _: self.session.command_requested.emit("fit_selection", None))
        self.hint = label(
            "The parameters, MACs and memory of each node appear here while you draw.", "muted", wrap=True
        )
        self.parts, self.time = MemoryPage(), TimePage(session)
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.addTab(self.table, "Nodes")
        self.tabs.addTab(self.parts, "Memory")
        self.tabs.addTab(self.time, "Time")
        self.tabs.currentChanged.connect(lambda _: self.refresh_soon())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 8)
        layout.setSpacing(8)
        self.head = self._make_head()
        layout.addWidget(self.head)
        layout.addWidget(self.hint)
        layout.addWidget(self.tabs, 1)
        layout.addStretch(0)  # holds the hint at the top while the pages are hidden
        session.document.design_changed.connect(self._on_design)
        for signal in (session.facts_changed, session.document.shown_graph_changed, session.engine_changed):
            signal.connect(lambda *_: self.refresh_soon())
        session.lens.changed.connect(self._on_lens)
        session.document.selection_changed.connect(self._on_selection)

    def _make_head(self) -> QWidget:
        """Return the part above the pages: the totals, the batch size and the heat map."""
        totals = QGridLayout()
        totals.setHorizontalSpacing(12)
        totals.setVerticalSpacing(0)
        for column, (value, name) in enumerate(((self.params, "params"), (self.macs, "MACs"), (self.memory, "memory"))):
            value.setFont(theme.font(theme.LARGE, bold=True))
            totals.addWidget(value, 0, column)
            title = label(name, "small")
            title.setToolTip(RULES)
            totals.addWidget(title, 1, column)
        options = row(label("batch", "muted"), self.batch, self.heat)
        options.setStretch(2, 1)
        layout = column_layout(margin=0)
        layout.addLayout(totals)
        layout.addLayout(options)
        head = QWidget()
        head.setLayout(layout)
        return head

    def refresh(self) -> None:
        """Show the current costs."""
        session = self.session
        totals = session.facts.totals
        self.params.setText(units.count(totals.params))
        self.macs.setText(units.count(totals.macs))
        self.memory.setText(units.memory(totals.activation_bytes))
        self.params.setToolTip(f"{totals.params:,} parameters, {totals.params_trainable:,} of them trainable")
        self.macs.setToolTip(
            f"{totals.macs:,} multiply-adds ({units.count(totals.flops)} FLOPs) at batch {session.batch}"
        )
        self.memory.setToolTip(
            f"{totals.activation_bytes:,} bytes saved for the backward pass at batch {session.batch}"
        )
        self._show_heats()
        has_nodes = bool(session.document.graph.nodes)
        self.hint.setVisible(not has_nodes)
        self.head.setVisible(has_nodes)
        self.tabs.setVisible(has_nodes)
        page = self.tabs.currentWidget()
        if page is self.table:
            self._show_nodes()
        elif page is self.parts:
            self._show_parts()
        else:
            self.time.refresh()

    def _show_heats(self) -> None:
        lens, model = self.session.lens, self.heat.model()
        with QSignalBlocker(self.heat):
            self.heat.setCurrentIndex(self.heat.findData(lens.heat))
        if isinstance(model, QStandardItemModel):
            for heat in HEATS:
                item = model.item(self.heat.findData(heat))
                item.setEnabled(lens.available(heat))
                item.setToolTip("" if lens.available(heat) else HOW_TO_ENABLE[heat])

    def _show_nodes(self) -> None:
        session, lens = self.session, self.session.lens
        instance_path = session.document.instance_path
        rows, tips = [], {}
        cached_rows: dict[str, CachedRow] = {}
        for id in session.document.graph.nodes:
            facts = session.facts_for(id)
            cached = self._rows.get(id)
            if cached is None or cached[0] is not facts or cached[1] != instance_path:
                cached = (facts, instance_path, tuple(lens.value(cost, id, facts, instance_path) for cost in COLUMNS))
            cached_rows[id] = cached
            rows.append((id, cached[2]))
            if facts is not None and (estimate := lens.estimate(facts)) is not None:
                limit = "arithmetic" if estimate.bound == "compute" else "memory bandwidth"
                tips[id, "estimated"] = (
                    f"{units.short_time(estimate.seconds)}, limited by {limit}, {estimate.intensity:.3g} FLOPs/byte"
                )
            path = "/".join((*instance_path, id))
            if path in lens.peaks:
                tips[id, "measured"] = (
                    f"{units.short_time(lens.measured[path])}, peak memory {units.memory(lens.peaks[path])}"
                )
        self._rows = cached_rows
        self.model.tips = tips
        self.model.show(rows)
        self.table.show_costs({cost for cost in COLUMNS if lens.available(cost)})
        self._show_selection()

    def _show_parts(self) -> None:
        session = self.session
        selected = session.document.selection[0] if len(session.document.selection) == 1 else ""
        facts = session.facts_for(selected) if selected in session.document.graph.nodes else None
        if facts is not None and facts.ok:
            self.parts.show_costs(selected, facts, facts.uncounted, session.batch)
            return
        uncounted: Counter[str] = Counter()
        for path, node_facts in session.facts.nodes.items():
            if "/" not in path:  # those of the main graph include what is inside their sub-graphs
                uncounted.update(node_facts.uncounted)
        self.parts.show_costs("Whole network", session.facts.totals, dict(uncounted.most_common()), session.batch)

    def _on_design(self, change: Diff, _initiator: object) -> None:
        """Update the list of nodes; changed costs arrive with the facts."""
        part = change.graphs.get(self.session.document.graph_name)
        if part is not None and (part.added or part.removed or part.other):
            self.refresh_soon()

    def _on_lens(self) -> None:
        self._rows = {}
        self.refresh_soon()

    def _on_selection(self) -> None:
        page: QWidget = self.tabs.currentWidget()
        if page is self.table:
            self._show_selection()
        else:
            self.refresh_soon()

    def _select_nodes(self) -> None:
        if not self._selecting:
            self.session.document.select([index.data() for index in self.table.selectionModel().selectedRows()])

    def _show_selection(self) -> None:
        if not self.isVisible():
            return
        selected = set(self.session.document.selection)
        selection = self.table.selectionModel()
        self._selecting = True
        selection.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for number, (id, _) in enumerate(self.model.rows):
            if id in selected:
                index = self.table.sorted.mapFromSource(self.model.index(number, 0))
                selection.select(index, flags)
                if len(selected) == 1:
                    self.table.scrollTo(index)
        self._selecting = False
