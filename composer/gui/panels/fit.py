"""Fit: the variables of a design as sliders, and a search for the largest setting under a budget."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QLineEdit, QProgressBar, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from composer.core import edits, names, units
from composer.core.diff import Diff
from composer.core.files.design_json import to_json
from composer.core.graph import Design
from composer.core.scaling import whole_variables
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.session.session import Session
from composer.gui.widgets.budget_field import BudgetField
from composer.gui.widgets.count_field import CountField
from composer.gui.widgets.labels import button, clear, column, label, row
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.reflow import Reflow
from composer.gui.widgets.setting_table import SettingTable
from composer.gui.widgets.variable_slider import MAX_VALUE, VariableSlider
from composer.gui.workers.jobs import Job

LESSON = (
    "A variable is one number that many parameters share. Make one here, then write it into parameters in the inspector: "
    "=width, =width * 2, =multiple(width * 1.5, 8). Moving its slider then scales the whole network, and Search finds the largest "
    "setting under a budget."
)
READY = "Name a budget and search: settings that meet it are listed here, and a click takes one over."


class FitPanel(Panel):
    """Sliders and budgets at the left, the trade-off table at the right.

    Args:
        session: the session.
    """

    title = "Fit"
    icon = "variable"
    area = "bottom"
    order = 65
    shortcut = "Ctrl+6"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._job: Job | None = None
        self._varied: list[str] = []  # by the search that runs, or whose settings are listed
        self.sliders: dict[str, VariableSlider] = {}
        self.params, self.macs = BudgetField("Most params", "5M"), BudgetField("Most MACs", "600M")
        self.macs.setToolTip("Multiply-adds of one sample")
        self.search = button("Search", self._press_search, "primary")
        self.totals = label("", "muted")
        self.progress = QProgressBar(textVisible=False)
        self.progress.hide()
        self.doing = label("", "muted")
        self.notice = Notice()
        self.table = SettingTable()
        self.hint = label(READY, "muted", wrap=True)
        self.new_name, self.new_value = QLineEdit("width"), CountField(minimum=1, maximum=MAX_VALUE, value=64)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._lesson())
        self.pages.addWidget(self._work())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.params.edited.connect(self._update_search)
        self.macs.edited.connect(self._update_search)
        for field in (self.params, self.macs):
            field.returnPressed.connect(self._search)
        self.table.chosen.connect(self._take_over)
        session.document.design_changed.connect(self._on_design)
        session.facts_changed.connect(lambda *_: self.refresh_soon())
        session.engine_state_changed.connect(lambda *_: self.refresh_soon())
        session.theme_changed.connect(self.notice.refresh_theme)
        self._update_search()

    # --- parts ------------------------------------------------------------------------------------------------------

    def _lesson(self) -> QWidget:
        page = QWidget()
        text = label(LESSON, "muted", wrap=True)
        text.setMaximumWidth(640)
        self.new_name.setFixedWidth(120)
        self.new_name.setAccessibleName("Name of the variable")
        self.new_value.setFixedWidth(88)
        self.new_value.setAccessibleName("Value of the variable")
        self.lesson_problem = label("", "error", wrap=True)
        self.lesson_problem.hide()
        adder = row(self.new_name, label("=", "muted"), self.new_value, button("Add variable", self._add, "primary"))
        adder.addStretch(1)
        layout = column(label("No variables yet", "title"), text, spacing=12)
        layout.addLayout(adder)
        layout.addWidget(self.lesson_problem)
        layout.addStretch(1)
        page.setLayout(layout)
        self.new_name.returnPressed.connect(self._add)
        return page

    def _work(self) -> QWidget:
        left, right = QWidget(), QWidget()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        inside = QWidget()
        holder = QVBoxLayout(inside)
        holder.setContentsMargins(12, 4, 12, 4)
        holder.addLayout(self._rows)
        holder.addWidget(self.totals)
        holder.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        budgets = row(label("Params ≤", "muted"), self.params, label("MACs ≤", "muted"), self.macs)
        budgets.addStretch(1)
        budgets.addWidget(self.search)
        budgets.setContentsMargins(12, 4, 12, 8)
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(area, 1)
        box.addLayout(budgets)
        found = column(self.notice, self.doing, self.progress, self.hint, margin=12)
        found.setContentsMargins(12, 8, 12, 8)
        found.addWidget(self.table, 1)
        found.addStretch(0)
        found.setAlignment(self.hint, Qt.AlignmentFlag.AlignTop)
        right.setLayout(found)
        self.table.hide()
        self.doing.hide()
        split = Reflow()
        split.addWidget(left)
        split.addWidget(right)
        split.setSizes([500, 500])
        return split

    # --- drawing ----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the variables and totals of the moment."""
        values = whole_variables(self.session.document.design)
        self.pages.setCurrentIndex(1 if values else 0)
        if list(values) != list(self.sliders):
            clear(self._rows)
            self.sliders = {name: self._slider(name, value) for name, value in values.items()}
            self._update_search()
        for name, value in values.items():
            self.sliders[name].show_value(value)
        with QSignalBlocker(self.table):
            self.table.mark(values)
        totals, session = self.session.facts.totals, self.session
        if session.problems:
            self.totals.setText("There are problems with these values" if session.facts_current else "")
        else:
            at = f" at batch {session.batch}" if session.batch > 1 else ""
            self.totals.setText(f"{units.count(totals.params)} params    {units.count(totals.macs)} MACs{at}")
        self.totals.setFont(theme.font(theme.BODY))

    def _slider(self, name: str, value: int) -> VariableSlider:
        made = VariableSlider(name, value)
        made.edited.connect(lambda new, gesture: self._set(name, new, gesture))
        made.vary_changed.connect(self._update_search)
        self._rows.addWidget(made)
        return made

    def _on_design(self, change: Diff, _initiator: object) -> None:
        if change.structural:
            if (self._job is not None or self.table.rows) and self._outdated(change):
                when = "since" if self._job is None else "during"
                if self._job is not None:
                    self._job.cancel()
                    self._end()
                self.table.show_rows((), None, None)
                self.table.hide()
                self.hint.setText(f"The network has changed {when} the search; search again.")
                self.hint.show()
            self.refresh_soon()

    def _outdated(self, change: Diff) -> bool:
        """Whether settings that were found before say nothing of the network after a change."""
        before, after = change.before.variables, change.after.variables
        fixed = before.keys() - set(self._varied)
        return (
            bool(change.graphs) or before.keys() != after.keys() or any(before[name] != after[name] for name in fixed)
        )

    # --- edits ------------------------------------------------------------------------------------------------------

    def _set(self, name: str, value: int, gesture: int) -> None:
        key = ("fit", name, gesture) if gesture >= 0 else None
        self.session.document.edit_design(f"Set {name} to {value}", edits.set_variable, name, value, merge_key=key)
        self.sliders[name].show_value(value)

    def _take_over(self, values: Mapping[str, int]) -> None:
        said = ", ".join(f"{name} {value}" for name, value in values.items())
        self.session.document.edit_design(f"Set {said}", _with_values, values)

    def _add(self) -> None:
        name = self.new_name.text().strip()
        reason = names.problem(name) if name else "needs a name"
        self.lesson_problem.setText(f"{name!r} {reason}" if name else "The variable needs a name")
        self.lesson_problem.setVisible(bool(reason))
        if not reason:
            self.session.document.edit_design(f"Set {name}", edits.set_variable, name, self.new_value.value())

    # --- the search -------------------------------------------------------------------------------------------------

    def _update_search(self) -> None:
        reason = self.params.problem or self.macs.problem
        if not reason and self.params.value is None and self.macs.value is None:
            reason = "Name a budget first, such as 5M params"
        if not reason and not any(slider.vary.isChecked() for slider in self.sliders.values()):
            reason = "Tick a variable that may vary"
        self.search.setEnabled(not reason or self._job is not None)
        self.search.setToolTip(reason)

    def _press_search(self) -> None:
        if self._job is None:
            self._search()
        else:
            self._job.cancel()
            self._end()
            self.hint.setText("Cancelled." if not self.table.rows else "")
            self.hint.setVisible(not self.table.rows)

    def _search(self) -> None:
        self._update_search()
        if self._job is not None or not self.search.isEnabled():
            return
        budget = {"params": self.params.value, "macs": self.macs.value}
        self._varied = [name for name, slider in self.sliders.items() if slider.vary.isChecked()]
        params = {"design": to_json(self.session.document.design), "vary": self._varied, **budget}
        self.notice.clear()
        self.hint.hide()
        self.progress.setRange(0, 0)
        self._job = self.session.jobs.start(
            "fit", params, lambda answer: self._take(answer, budget), self._fail, self._advance
        )
        self.search.setText("Cancel")
        self.doing.setText("Searching")
        self.doing.show()
        self.progress.show()

    def _advance(self, share: float, message: str) -> None:
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * share))
        self.doing.setText(f"Searching {message}".strip())

    def _take(self, answer: Mapping[str, Any], budget: Mapping[str, int | None]) -> None:
        self._end()
        self.table.show_rows(answer["table"], budget["params"], budget["macs"])
        self.table.show()
        self.refresh_soon()

    def _fail(self, reason: str) -> None:
        trace = self._job.trace if self._job is not None else ""
        self._end()
        self.table.show_rows((), None, None)
        self.table.hide()
        self.notice.show_message(reason[:1].upper() + reason[1:], "error", details=trace)

    def _end(self) -> None:
        self._job = None
        self.search.setText("Search")
        self.doing.hide()
        self.progress.hide()
        self._update_search()


def _with_values(design: Design, values: Mapping[str, int]) -> Design:
    for name, value in values.items():
        design = edits.set_variable(design, name, value)
    return design
