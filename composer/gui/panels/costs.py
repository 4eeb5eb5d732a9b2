"""The costs: totals at a batch size; every node in a table, memory part by part, and time; any of them as colours on the canvas."""

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
from composer.gui.session.cost_lens import HEATS
from composer.gui.session.session import Session
from composer.gui.widgets.count_field import CountField
from composer.gui.widgets.labels import label, row

MAX_BATCH = 65_536
RULES = (
    "1 MAC is one multiply-add: what vision papers print as FLOPs; in operations it is twice that. Counted are matrix products, "
    "convolutions and attention, not element-wise work. Memory is what is kept for the backward pass, without the weights."
)
KnownRow = tuple[NodeFacts | None, tuple[str, ...], Costs]  # facts, path of the sub-graph, the costs that follow
WHY_NOT = {"estimated": "Choose a device under Time", "measured": "Measure under Time"}


class CostsPanel(Panel):
    """Totals over three pages: nodes, memory, time.

    Args:
        session: the session.
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
        # By id, valid as long as the node's facts are the same object and the lens is as it was.
        self._rows: dict[str, KnownRow] = {}
        self.batch = CountField(minimum=1, maximum=MAX_BATCH, value=session.batch)
        self.batch.setKeyboardTracking(False)
        self.batch.setFixedWidth(80)
        self.batch.setAccessibleName("batch")
        self.batch.setToolTip("MACs, memory and times are stated for a batch of this size")
        self.batch.valueChanged.connect(session.set_batch)
        self.heat = QComboBox()
        self.heat.setAccessibleName("Heat map")
        self.heat.setToolTip("Colour the cards of the canvas")
        for heat, text in HEATS.items():
            self.heat.addItem(text, heat)
        self.heat.activated.connect(lambda _: session.lens.set_heat(self.heat.currentData()))
        self.params, self.macs, self.memory = label(), label(), label()
        self.model = CostModel()
        self.table = CostTable(self.model)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._select_nodes())
        self.table.doubleClicked.connect(lambda _: self.session.command_requested.emit("fit_selection", None))
        self.hint = label(
            "Each node's parameters, multiply-adds and memory appear here while you draw.", "muted", wrap=True
        )
        self.parts, self.time = MemoryPage(), TimePage(session)
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.addTab(self.table, "Nodes")
        self.tabs.addTab(self.parts, "Memory")
        self.tabs.addTab(self.time, "Time")
        self.tabs.currentChanged.connect(lambda _: self.refresh_soon())
        chooser = row(label("batch", "muted"), self.batch, self.heat)
        chooser.setStretch(2, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 8)
        layout.setSpacing(8)
        layout.addLayout(self._make_totals())
        layout.addLayout(chooser)
        layout.addWidget(self.hint)
        layout.addWidget(self.tabs, 1)
        session.document.design_changed.connect(self._on_design)
        for signal in (session.facts_changed, session.document.shown_graph_changed, session.engine_state_changed):
            signal.connect(lambda *_: self.refresh_soon())
        session.lens.changed.connect(self._on_lens)
        session.document.selection_changed.connect(self._on_selection)

    def _make_totals(self) -> QGridLayout:
        totals = QGridLayout()
        totals.setHorizontalSpacing(12)
        totals.setVerticalSpacing(0)
        for column, (value, name) in enumerate(((self.params, "params"), (self.macs, "MACs"), (self.memory, "memory"))):
            value.setFont(theme.font(theme.LARGE, bold=True))
            totals.addWidget(value, 0, column)
            below = label(name, "small")
            below.setToolTip(RULES)
            totals.addWidget(below, 1, column)
        return totals

    def refresh(self) -> None:
        """Show the costs of the moment."""
        session = self.session
        totals = session.facts.totals
        drawn = bool(session.document.graph.nodes)
        self.params.setText(units.count(totals.params) if drawn else "0")
        self.macs.setText(units.count(totals.macs) if drawn else "0")
        self.memory.setText(units.memory(totals.activation_bytes) if drawn else "0")
        self.params.setToolTip(f"{totals.params:,} parameters, {totals.params_trainable:,} of them trained")
        self.macs.setToolTip(
            f"{totals.macs:,} multiply-adds ({units.count(totals.flops)} FLOPs) at batch {session.batch}"
        )
        self.memory.setToolTip(f"{totals.activation_bytes:,} bytes kept for the backward pass at batch {session.batch}")
        self._show_heats()
        self.hint.setVisible(not drawn)
        self.tabs.setVisible(drawn)
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
            for index, heat in enumerate(HEATS):
                model.item(index).setEnabled(lens.available(heat))
                model.item(index).setToolTip("" if lens.available(heat) else WHY_NOT[heat])

    def _show_nodes(self) -> None:
        session, lens = self.session, self.session.lens
        instance_path = session.document.instance_path
        rows, tips = [], {}
        kept: dict[str, KnownRow] = {}
        for id in session.document.graph.nodes:
            facts = session.facts_for(id)
            known = self._rows.get(id)
            if known is None or known[0] is not facts or known[1] != instance_path:
                known = (facts, instance_path, tuple(lens.value(cost, id, facts, instance_path) for cost in COLUMNS))
            kept[id] = known
            rows.append((id, known[2]))
            if facts is not None and (found := lens.estimate(facts)) is not None:
                limit = "arithmetic" if found.bound == "compute" else "memory bandwidth"
                tips[id, "estimated"] = (
                    f"{units.short_time(found.seconds)}, limited by {limit}, {found.intensity:.3g} FLOPs/byte"
                )
            path = "/".join((*instance_path, id))
            if path in lens.peaks:
                tips[id, "measured"] = (
                    f"{units.short_time(lens.measured[path])}, {units.memory(lens.peaks[path])} allocated at its peak"
                )
        self._rows = kept
        self.model.tips = tips
        self.model.show(rows)
        self.table.show_costs({cost for cost in COLUMNS if lens.available(cost)})
        self._show_selection()

    def _show_parts(self) -> None:
        session = self.session
        chosen = session.document.selection[0] if len(session.document.selection) == 1 else ""
        facts = session.facts_for(chosen) if chosen in session.document.graph.nodes else None
        if facts is not None and facts.ok:
            self.parts.show_costs(chosen, facts, facts.uncounted, session.batch)
            return
        uncounted: Counter[str] = Counter()
        for path, known in session.facts.nodes.items():
            if "/" not in path:
                uncounted.update(known.uncounted)
        self.parts.show_costs("Whole network", session.facts.totals, dict(uncounted.most_common()), session.batch)

    def _on_design(self, change: Diff, _initiator: object) -> None:
        """List nodes that came or went; other costs than before come with the facts."""
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
            chosen = [index.data() for index in self.table.selectionModel().selectedRows()]
            self.session.document.select(chosen)

    def _show_selection(self) -> None:
        if not self.isVisible():
            return
        chosen = set(self.session.document.selection)
        selection = self.table.selectionModel()
        self._selecting = True
        selection.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for number, (id, _) in enumerate(self.model.rows):
            if id in chosen:
                index = self.table.sorted.mapFromSource(self.model.index(number, 0))
                selection.select(index, flags)
                if len(chosen) == 1:
                    self.table.scrollTo(index)
        self._selecting = False
