"""The problems panel: what keeps the design from being built, with the node concerned and tested repairs."""

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

MAX_ROWS = 100
MAX_REPAIRS = 3
# Searching for repairs is slow, so it is done for this many rows from the top and for the selected nodes.
ROWS_WITH_REPAIRS = 5
# A custom block whose folder is not trusted needs a decision of the user, not a change of the design.
TRUST = Repair("Trust the folder…")


class ProblemRow(QWidget):
    """One problem: an icon, the message, and a button for each repair.

    Args:
        problem: the problem.

    Attributes:
        problem: the problem.
        text: the label with the message.

    Signals:
        clicked: the row was clicked outside its buttons.
        repair_chosen: the repair whose button was clicked.
    """

    clicked = Signal()
    repair_chosen = Signal(object)

    def __init__(self, problem: ListedProblem) -> None:
        super().__init__()
        self.problem = problem
        self._repairs: tuple[Repair, ...] | None = ()
        self.setCursor(Qt.CursorShape.PointingHandCursor if problem.path else Qt.CursorShape.ArrowCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        mark = QLabel()
        ink = "accent" if problem.level == "info" else problem.level
        mark.setPixmap(theme.icon(problem.level, ink).pixmap(theme.ICON, theme.ICON))
        self.text = label(problem.message, wrap=True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        line = row(mark, self.text)
        line.setStretch(1, 1)
        line.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
        self._buttons = FlowLayout()
        self._buttons.setContentsMargins(theme.ICON + 8, 0, 0, 0)
        layout = column(margin=0, spacing=4)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.addLayout(line)
        layout.addLayout(self._buttons)
        self.setLayout(layout)

    def show_repairs(self, repairs: tuple[Repair, ...] | None) -> None:
        """Show a button for each of the first few repairs; None while the engine is searching for them."""
        if repairs == self._repairs:
            return
        self._repairs = repairs
        clear(self._buttons)
        if repairs is None:
            self._buttons.addWidget(label("Looking for repairs…", "small"))
        for repair in (repairs or ())[:MAX_REPAIRS]:
            self._buttons.addWidget(WrapButton(repair.label, partial(self.repair_chosen.emit, repair)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Report a click outside the buttons."""
        self.clicked.emit()
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Highlight the row under the pointer."""
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
        self._problems: list[ListedProblem] | None = None
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        page = QWidget()
        page.setLayout(self._rows)
        self._rows.setContentsMargins(0, 4, 0, 4)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        self.setLayout(column(area, margin=0))
        session.facts_changed.connect(lambda *_: self.refresh_soon())
        session.document.design_changed.connect(lambda *_: self.refresh_soon())
        session.engine_changed.connect(lambda *_: self.refresh_soon())
        session.document.selection_changed.connect(self.refresh_soon)
        session.offers.changed.connect(self.refresh_soon)
        session.theme_changed.connect(self._redraw)
        session.catalog_changed.connect(lambda _: self.refresh_soon())

    def rows(self) -> list[ProblemRow]:
        """Return the rows from top to bottom."""
        items = (self._rows.itemAt(index) for index in range(self._rows.count()))
        return [widget for item in items if item is not None and isinstance(widget := item.widget(), ProblemRow)]

    def _redraw(self) -> None:
        self._problems = None
        self.refresh_soon()

    def refresh(self) -> None:
        """List the current problems: of the design, of the engine, and of files that are no valid blocks."""
        session = self.session
        problems = list(session.problems)
        if session.facts_error:
            problems.append(ListedProblem(session.facts_error))
        problems += [ListedProblem(reason, (), "warning") for reason in session.catalog.broken.values()]
        if problems == self._problems and problems:
            self._show_repairs()
            return
        self._problems = problems
        clear(self._rows)
        for problem in problems[:MAX_ROWS]:
            problem_row = ProblemRow(problem)
            problem_row.clicked.connect(lambda problem=problem: self._show_node(problem))
            problem_row.repair_chosen.connect(lambda repair, problem=problem: self._repair(problem, repair))
            self._rows.addWidget(problem_row)
        if len(problems) > MAX_ROWS:
            self._rows.addWidget(_hint(f"and {len(problems) - MAX_ROWS} more"))
        if not problems:
            self._rows.addWidget(_hint(self._empty_text()))
        self._rows.addStretch(1)
        self._show_repairs()

    def _show_repairs(self) -> None:
        """Show repairs in the first rows and in those of the selected nodes."""
        session = self.session
        selected = {(*session.document.instance_path, id) for id in session.document.selection}
        for number, problem_row in enumerate(self.rows()):
            problem = problem_row.problem
            if self._needs_trust(problem):
                problem_row.show_repairs((TRUST,))
                continue
            if not problem.repairable or not (number < ROWS_WITH_REPAIRS or problem.path in selected):
                continue
            problem_row.show_repairs(
                session.offers.of(problem.path[-1] if problem.path else "", self._graph(problem), problem.repairs)
            )

    def _needs_trust(self, problem: ListedProblem) -> bool:
        """Return whether the node uses a custom block that may not run until its folder is trusted."""
        node = (
            self.session.document.design.graph(self._graph(problem)).nodes.get(problem.path[-1])
            if problem.path
            else None
        )
        return node is not None and self.session.custom_blocks.untrusted_folder(node.block) is not None

    def _graph(self, problem: ListedProblem) -> str:
        try:
            return visible_graph(self.session.document.design, problem.path[:-1])
        except KeyError:  # the facts are older than the design, which has lost the node
            return ""

    def _empty_text(self) -> str:
        if self.session.engine_state in ("starting", "restarting"):
            return "The engine is starting. Shapes are checked as soon as it is ready."
        if self.session.engine_state == "off":
            return "The engine is off, so nothing is checked. Run > Restart engine starts it."
        if not self.session.document.design.main.nodes:
            return "Problems of the network are listed here while you draw, with repairs where there are any."
        return "No problems: the network can be built, trained and exported."

    def _show_node(self, problem: ListedProblem) -> None:
        if problem.path:
            self.session.document.show_graph(problem.path[:-1])
            self.session.document.select((problem.path[-1],))

    def _repair(self, problem: ListedProblem, repair: Repair) -> None:
        self._show_node(problem)
        if repair is TRUST:
            self.session.command_requested.emit("trust_blocks", None)
        else:
            self.session.repair(repair, self._graph(problem))


def _hint(text: str) -> QLabel:
    hint = label(text, "muted", wrap=True)
    hint.setContentsMargins(12, 8, 12, 8)
    return hint
