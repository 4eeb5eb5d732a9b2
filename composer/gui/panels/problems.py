"""The problems: what keeps the design from being built, each with the node it concerns and the repairs that were tried."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from composer.core.facts import Repair
from composer.core.node_paths import visible_graph
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.session.problems import ListedProblem
from composer.gui.session.session import Session
from composer.gui.widgets.flow_layout import FlowLayout
from composer.gui.widgets.labels import clear, column, label, row
from composer.gui.widgets.wrap_button import WrapButton

MOST = 100
REPAIRS = 3
# Repairs are sought for so many rows from above, and for what is selected.
FIRST = 5
# What solves the problem of a block of the user's own that may not run: no change of the design, but a question.
TRUST = Repair("Trust the folder…", "trust", {})


class ProblemRow(QWidget):
    """One problem: a mark, where, what, and buttons that repair it."""

    clicked = Signal()
    repair_chosen = Signal(object)

    def __init__(self, problem: ListedProblem) -> None:
        super().__init__()
        self.problem = problem
        self._shown: tuple[Repair, ...] | None = ()
        self.setCursor(Qt.CursorShape.PointingHandCursor if problem.path else Qt.CursorShape.ArrowCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        mark = QLabel()
        mark.setPixmap(theme.icon(problem.level, problem.level).pixmap(theme.ICON, theme.ICON))
        self.text = label(problem.message, wrap=True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        line = row(mark, self.text)
        line.setStretch(1, 1)
        line.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
        self._below = FlowLayout()
        self._below.setContentsMargins(theme.ICON + 8, 0, 0, 0)
        layout = column(margin=0, spacing=4)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.addLayout(line)
        layout.addLayout(self._below)
        self.setLayout(layout)

    def show_repairs(self, repairs: tuple[Repair, ...] | None) -> None:
        """Show a button for each of the first few repairs; None while they are being sought."""
        if repairs == self._shown:
            return
        self._shown = repairs
        clear(self._below)
        if repairs is None:
            self._below.addWidget(label("Looking for repairs…", "small"))
        for repair in (repairs or ())[:REPAIRS]:
            self._below.addWidget(WrapButton(repair.label, partial(self.repair_chosen.emit, repair)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Report a click beside the buttons."""
        self.clicked.emit()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A ground under the pointer."""
        if self.underMouse() and self.problem.path:
            QPainter(self).fillRect(self.rect(), QColor(theme.tokens().hover))


class ProblemsPanel(Panel):
    """The list of problems.

    Args:
        session: the session.
    """

    title = "Problems"
    icon = "problems"
    area = "bottom"
    order = 40
    shortcut = "Ctrl+4"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._shown: list[ListedProblem] | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        inside = QWidget()
        inside.setLayout(self._rows)
        self._rows.setContentsMargins(0, 4, 0, 4)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        self.setLayout(column(area, margin=0))
        session.facts_changed.connect(lambda *_: self.refresh_soon())
        session.document.design_changed.connect(lambda *_: self.refresh_soon())
        session.engine_state_changed.connect(lambda *_: self.refresh_soon())
        session.document.selection_changed.connect(self.refresh_soon)
        session.offers.changed.connect(self.refresh_soon)
        session.theme_changed.connect(self._redraw)
        session.catalog_changed.connect(lambda _: self.refresh_soon())

    def rows(self) -> list[ProblemRow]:
        """The rows, from above."""
        items = (self._rows.itemAt(index) for index in range(self._rows.count()))
        return [widget for item in items if item is not None and isinstance(widget := item.widget(), ProblemRow)]

    def _redraw(self) -> None:
        self._shown = None
        self.refresh_soon()

    def refresh(self) -> None:
        """List the problems of the moment."""
        session = self.session
        problems = session.problems
        state = [*problems, ListedProblem(session.facts_error)] if session.facts_error else list(problems)
        broken = [ListedProblem(reason, (), "warning") for reason in session.catalog.broken.values()]
        state += broken
        if state == self._shown and state:
            self._show_repairs()
            return
        self._shown = state
        clear(self._rows)
        for problem in state[:MOST]:
            made = ProblemRow(problem)
            made.clicked.connect(lambda problem=problem: self._go(problem))
            made.repair_chosen.connect(lambda repair, problem=problem: self._repair(problem, repair))
            self._rows.addWidget(made)
        if len(state) > MOST:
            self._rows.addWidget(_hint(f"and {len(state) - MOST} more"))
        if not state:
            self._rows.addWidget(_hint(self._nothing()))
        self._rows.addStretch(1)
        self._show_repairs()

    def _show_repairs(self) -> None:
        """Offer repairs in the first rows and in those of what is selected."""
        session = self.session
        chosen = {(*session.document.instance_path, id) for id in session.document.selection}
        for number, shown in enumerate(self.rows()):
            problem = shown.problem
            if self._barred(problem):
                shown.show_repairs((TRUST,))
                continue
            if problem.level != "error" or not (number < FIRST or problem.path in chosen):
                continue
            shown.show_repairs(
                session.offers.of(problem.path[-1] if problem.path else "", self._graph(problem), problem.repairs)
            )

    def _barred(self, problem: ListedProblem) -> bool:
        """Whether it is about a block that waits for trust."""
        node = (
            self.session.document.design.graph(self._graph(problem)).nodes.get(problem.path[-1])
            if problem.path
            else None
        )
        return node is not None and self.session.custom_blocks.barred(node.block) is not None

    def _graph(self, problem: ListedProblem) -> str:
        try:
            return visible_graph(self.session.document.design, problem.path[:-1])
        except KeyError:  # of facts that are older than the design
            return ""

    def _nothing(self) -> str:
        if self.session.engine_state in ("starting", "restarting"):
            return "The engine is starting; shapes are checked as soon as it is there."
        if self.session.engine_state == "off":
            return "The engine is off, so nothing is checked. Run > Restart engine starts it."
        if not self.session.document.design.main.nodes:
            return "What keeps the network from being built is listed here while you draw, with repairs where there are any."
        return "No problems: the network can be built, trained and exported."

    def _go(self, problem: ListedProblem) -> None:
        if problem.path:
            self.session.document.show_graph(problem.path[:-1])
            self.session.document.select((problem.path[-1],))

    def _repair(self, problem: ListedProblem, repair: Repair) -> None:
        self._go(problem)
        if repair is TRUST:
            self.session.command_requested.emit("trust_blocks", None)
        else:
            self.session.repair(repair, self._graph(problem))


def _hint(text: str) -> QLabel:
    made = label(text, "muted", wrap=True)
    made.setContentsMargins(12, 8, 12, 8)
    return made
