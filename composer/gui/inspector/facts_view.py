"""The facts of one item: its output shapes and costs, or its error with the repairs."""

from functools import partial

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from composer.core import units
from composer.core.facts import NodeFacts, Repair
from composer.gui.inspector.param_row import LABEL_WIDTH, heading
from composer.gui.session.session import Session
from composer.gui.widgets.labels import clear, label
from composer.gui.widgets.wrap_button import WrapButton


class FactsView(QWidget):
    """Shows the engine's results for one item of the shown graph.

    Args:
        session: the session.
        id: a node or an output.
    """

    def __init__(self, session: Session, id: str) -> None:
        super().__init__()
        self._session = session
        self._id = id
        self._shown_state: object = self  # equal to no state
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self.update_values()

    def show_item(self, id: str) -> None:
        """Show another item."""
        self._id = id
        self._shown_state = self
        self.update_values()

    def update_values(self) -> None:
        """Show the current facts."""
        facts = self._session.facts_for(self._id)
        wrong = facts is not None and (facts.error is not None or facts.warning is not None)
        offers = self._offers(facts) if facts is not None and wrong else ()
        state = (facts, self._session.batch, offers)
        if state == self._shown_state:
            return
        self._shown_state = state
        clear(self._layout)
        if facts is None:
            self._layout.addWidget(heading("Facts"))
            starting = self._session.engine_state == "starting"
            self._layout.addWidget(label("The engine is starting" if starting else "Not computed yet", "muted"))
        elif facts.error is not None:
            self._show_problem(facts.error, "error", offers)
        elif facts.waits_for is not None:
            self._layout.addWidget(heading("Facts"))
            self._layout.addWidget(label(f"Waiting for {facts.waits_for}, which has a problem.", "muted", wrap=True))
        else:
            self._show_facts(facts)
            if facts.warning is not None:
                self._show_problem(f"{self._id}: {facts.warning}", "warning", offers)

    def _offers(self, facts: NodeFacts) -> tuple[Repair, ...] | None:
        return self._session.offers.of(self._id, self._session.document.graph_name, facts.repairs)

    def _show_problem(self, message: str, style: str, offers: tuple[Repair, ...] | None) -> None:
        self._layout.addWidget(heading("Problem"))
        self._layout.addWidget(label(message, style, wrap=True))
        if offers is None:
            self._layout.addWidget(label("Looking for repairs…", "small"))
        graph = self._session.document.graph_name
        for repair in offers or ():
            self._layout.addWidget(WrapButton(repair.label, partial(self._session.repair, repair, graph)))

    def _show_facts(self, facts: NodeFacts) -> None:
        self._layout.addWidget(heading("Facts"))
        rows = []
        for port in facts.outputs:
            name = f"output {port.port}" if len(facts.outputs) > 1 else "output"
            dtype = "" if port.dtype == "float32" else f"  {port.dtype}"
            rows.append((name, f"{units.shape(port.shape)}{dtype}", units.axes(port.shape)))
        rows.append(("params", units.count(facts.params), f"{facts.params:,}"))
        rows.append(("MACs", units.count(facts.macs), f"{facts.macs:,} multiply-adds at batch {self._session.batch}"))
        rows.append(
            (
                "activations",
                units.memory(facts.activation_bytes),
                f"{facts.activation_bytes:,} bytes saved for the backward pass",
            )
        )
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(4)
        grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        grid.setColumnStretch(1, 1)
        for number, (name, value, tip) in enumerate(rows):
            value_label = label(value)
            value_label.setToolTip(tip)
            grid.addWidget(label(name, "muted"), number, 0)
            grid.addWidget(value_label, number, 1)
        holder = QWidget()
        grid.setContentsMargins(0, 0, 0, 0)
        holder.setLayout(grid)
        self._layout.addWidget(holder)
        if facts.uncounted:
            names = ", ".join(facts.uncounted)
            self._layout.addWidget(label(f"Not counted: {names}", "small", wrap=True))
