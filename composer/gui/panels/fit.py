"""The fit panel: the variables of a design as sliders, and a search for the largest setting within a budget."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QProgressBar, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from composer.core import edits, names, units
from composer.core.diff import Diff
from composer.core.files.design_json import to_json
from composer.core.graph import Design
from composer.core.scaling import integer_variables
from composer.gui.look import theme
from composer.gui.panels import Panel
from composer.gui.session.session import Session
from composer.gui.widgets.budget_field import BudgetField
from composer.gui.widgets.count_field import CountField
from composer.gui.widgets.labels import button, clear, column, label, row
from composer.gui.widgets.line_edit import LineEdit
from composer.gui.widgets.notice import Notice
from composer.gui.widgets.reflow import Reflow
from composer.gui.widgets.setting_table import SettingTable
from composer.gui.widgets.variable_slider import MAX_VALUE, VariableSlider
from composer.gui.workers.jobs import Job

INTRODUCTION = (
    "A variable is one number that many parameters share. Add one here, then use it in parameters in the inspector: "
    "=width, =width * 2, =multiple(width * 1.5, 8). Its slider then scales the whole network, and Search finds the "
    "largest setting within a budget."
)
READY = "Enter a budget and search. Settings within it are listed here; click one to apply it."


class FitPanel(Panel):
    """Sliders and budgets at the left, the table of settings at the right; an introduction without variables.

    Args:
        session: the session.

    Attributes:
        sliders: the slider of each variable.
        params: the budget of parameters.
        macs: the budget of multiply-adds.
        search: starts or cancels a search.
        totals: parameters and multiply-adds with the current values.
        table: the settings that a search returned.
        hint: what the table will show, or why it is empty.
        status: the progress of a search in words.
        progress: the progress of a search as a bar.
        notice: why a search failed.
        pages: the introduction and the sliders.
    """

    title = "Fit"
    icon = "variable"
    area = "bottom"
    order = 65
    shortcut = "Ctrl+6"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._job: Job | None = None
        self._varied: list[str] = []  # variables that the running or last search varies
        self.sliders: dict[str, VariableSlider] = {}
        self.params, self.macs = BudgetField("Maximum params", "5M"), BudgetField("Maximum MACs", "600M")
        self.macs.setToolTip("Multiply-adds of one sample")
        self.search = button("Search", self._toggle_search, "primary")
        self.totals = label("", "muted")
        self.progress = QProgressBar(textVisible=False)
        self.progress.hide()
        self.status = label("", "muted")
        self.notice = Notice()
        self.table = SettingTable()
        self.hint = label(READY, "muted", wrap=True)
        self.new_name, self.new_value = LineEdit("width"), CountField(minimum=1, maximum=MAX_VALUE, value=64)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._make_introduction())
        self.pages.addWidget(self._make_sliders_page())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.params.edited.connect(self._update_search)
        self.macs.edited.connect(self._update_search)
        for field in (self.params, self.macs):
            field.returnPressed.connect(self._search)
        self.table.selected.connect(self._apply_setting)
        session.document.design_changed.connect(self._on_design)
        session.facts_changed.connect(lambda *_: self.refresh_soon())
        session.engine_changed.connect(lambda *_: self.refresh_soon())
        session.theme_changed.connect(self.notice.refresh_theme)
        self._update_search()

    # --- parts ------------------------------------------------------------------------------------------------------

    def _make_introduction(self) -> QWidget:
        page = QWidget()
        text = label(INTRODUCTION, "muted", wrap=True)
        text.setMaximumWidth(640)
        self.new_name.setFixedWidth(120)
        self.new_name.setAccessibleName("Name of the variable")
        self.new_value.setFixedWidth(88)
        self.new_value.setAccessibleName("Value of the variable")
        self.name_problem = label("", "error", wrap=True)
        self.name_problem.hide()
        adder = row(self.new_name, label("=", "muted"), self.new_value, button("Add variable", self._add, "primary"))
        adder.addStretch(1)
        layout = column(label("No variables yet", "title"), text, spacing=12)
        layout.addLayout(adder)
        layout.addWidget(self.name_problem)
        layout.addStretch(1)
        page.setLayout(layout)
        self.new_name.returnPressed.connect(self._add)
        return page

    def _make_sliders_page(self) -> QWidget:
        left, right = QWidget(), QWidget()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        sliders = QWidget()
        sliders_layout = QVBoxLayout(sliders)
        sliders_layout.setContentsMargins(12, 4, 12, 4)
        sliders_layout.addLayout(self._rows)
        sliders_layout.addWidget(self.totals)
        sliders_layout.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(sliders)
        budgets = row(label("Params ≤", "muted"), self.params, label("MACs ≤", "muted"), self.macs)
        budgets.addStretch(1)
        budgets.addWidget(self.search)
        budgets.setContentsMargins(12, 4, 12, 8)
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(0, 0, 0, 0)
        left_layout.setSpacing(0)
        left_layout.addWidget(area, 1)
        left_layout.addLayout(budgets)
        results = column(self.notice, self.status, self.progress, self.hint, margin=12)
        results.setContentsMargins(12, 8, 12, 8)
        results.addWidget(self.table, 1)
        results.addStretch(0)
        results.setAlignment(self.hint, Qt.AlignmentFlag.AlignTop)
        right.setLayout(results)
        self.table.hide()
        self.status.hide()
        split = Reflow()
        split.addWidget(left)
        split.addWidget(right)
        split.setSizes([500, 500])
        return split

    # --- current values ---------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the current variables and totals."""
        values = integer_variables(self.session.document.design)
        self.pages.setCurrentIndex(1 if values else 0)
        if list(values) != list(self.sliders):
            clear(self._rows)
            self.sliders = {name: self._add_slider(name, value) for name, value in values.items()}
            self._update_search()
        for name, value in values.items():
            self.sliders[name].show_value(value)
        with QSignalBlocker(self.table):
            self.table.mark(values)
        totals, session = self.session.facts.totals, self.session
        if session.problems:
            self.totals.setText("The network has problems with these values" if session.facts_current else "")
        else:
            batch = f" at batch {session.batch}" if session.batch > 1 else ""
            self.totals.setText(f"{units.count(totals.params)} params · {units.count(totals.macs)} MACs{batch}")
        self.totals.setFont(theme.font(theme.BODY))

    def _add_slider(self, name: str, value: int) -> VariableSlider:
        slider = VariableSlider(name, value)
        slider.edited.connect(lambda new, gesture: self._set_variable(name, new, gesture))
        slider.vary_changed.connect(self._update_search)
        self._rows.addWidget(slider)
        return slider

    def _on_design(self, change: Diff, _initiator: object) -> None:
        if not change.structural:
            return
        if (self._job is not None or self.table.rows) and self._is_outdated(change):
            when = "since" if self._job is None else "during"
            if self._job is not None:
                self._job.cancel()
                self._finish_search()
            self.table.show_rows((), None, None)
            self.table.hide()
            self.hint.setText(f"The network has changed {when} the search. Search again.")
            self.hint.show()
        self.refresh_soon()

    def _is_outdated(self, change: Diff) -> bool:
        """Return whether a change makes the results wrong: any change but other values of the varied variables."""
        before, after = change.before.variables, change.after.variables
        fixed = before.keys() - set(self._varied)
        return (
            bool(change.graphs) or before.keys() != after.keys() or any(before[name] != after[name] for name in fixed)
        )

    # --- edits ------------------------------------------------------------------------------------------------------

    def _set_variable(self, name: str, value: int, gesture: int) -> None:
        key = ("fit", name, gesture) if gesture >= 0 else None
        self.session.document.edit_design(f"Set {name} to {value}", edits.set_variable, name, value, merge_key=key)
        self.sliders[name].show_value(value)

    def _apply_setting(self, values: Mapping[str, int]) -> None:
        setting = ", ".join(f"{name} {value}" for name, value in values.items())
        self.session.document.edit_design(f"Set {setting}", _with_values, values)

    def _add(self) -> None:
        name = self.new_name.text().strip()
        reason = names.problem(name) if name else "needs a name"
        self.name_problem.setText(f"{name!r} {reason}" if name else "The variable needs a name")
        self.name_problem.setVisible(bool(reason))
        if not reason:
            self.session.document.edit_design(f"Set {name}", edits.set_variable, name, self.new_value.value())

    # --- the search -------------------------------------------------------------------------------------------------

    def _update_search(self) -> None:
        reason = self.params.problem or self.macs.problem
        if not reason and self.params.value is None and self.macs.value is None:
            reason = "Enter a budget first, such as 5M params"
        if not reason and not any(slider.vary.isChecked() for slider in self.sliders.values()):
            reason = "Check a variable that the search may vary"
        self.search.setEnabled(not reason or self._job is not None)
        self.search.setToolTip(reason)

    def _toggle_search(self) -> None:
        if self._job is None:
            self._search()
        else:
            self._job.cancel()
            self._finish_search()
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
            "fit", params, lambda reply: self._show_settings(reply, budget), self._show_failure, self._show_progress
        )
        self.search.setText("Cancel")
        self.status.setText("Searching")
        self.status.show()
        self.progress.show()

    def _show_progress(self, share: float, message: str) -> None:
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * share))
        self.status.setText(f"Searching {message}".strip())

    def _show_settings(self, reply: Mapping[str, Any], budget: Mapping[str, int | None]) -> None:
        self._finish_search()
        self.table.show_rows(reply["table"], budget["params"], budget["macs"])
        self.table.show()
        self.refresh_soon()

    def _show_failure(self, reason: str) -> None:
        trace = self._job.trace if self._job is not None else ""
        self._finish_search()
        self.table.show_rows((), None, None)
        self.table.hide()
        self.notice.show_message(reason, "error", details=trace)

    def _finish_search(self) -> None:
        self._job = None
        self.search.setText("Search")
        self.status.hide()
        self.progress.hide()
        self._update_search()


def _with_values(design: Design, values: Mapping[str, int]) -> Design:
    for name, value in values.items():
        design = edits.set_variable(design, name, value)
    return design
