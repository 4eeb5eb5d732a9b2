"""The inspector page while nothing is selected: the design, or the sub-graph that is open on the canvas."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from composer.core import edits, exposed, expressions, names, subgraphs
from composer.core.errors import DesignError, UserError
from composer.core.graph import Design, Literal, Value, is_expression
from composer.core.value_text import from_text, to_text
from composer.core.variants import apply_variant, current_variant
from composer.gui.inspector.header import Header
from composer.gui.inspector.param_row import LABEL_WIDTH, heading
from composer.gui.session.session import Session
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import clear, label, row, tool_button
from composer.gui.widgets.text_box import TextBox
from composer.gui.widgets.value_field import ScrubLabel, ValueField


class DesignPage(QWidget):
    """Name, description and variables of the design, or name and exposed parameters of the shown sub-graph.

    Args:
        session: the session.

    Attributes:
        graph_name: name of the sub-graph; empty for the design.
        variants: the named settings of the variables; hidden where the design has none.
        fields: the value field of each variable or exposed parameter.
        new_name: the field for the name of a new variable.
        new_value: the field for its value.
        problem: why the last input was refused.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._shown_names: object = self  # equal to no list of names
        self.graph_name = session.document.graph_name
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 12)
        layout.setSpacing(4)
        if self.graph_name:
            self.header = Header(self.graph_name, "Sub-graph", "graph", "", self._rename_graph)
        else:
            self.header = Header(session.document.design.name, "Design", "io", "", self._rename)
        layout.addWidget(self.header)
        if not self.graph_name:
            self.description = TextBox(4, "What this network is and where it comes from")
            self.description.setAccessibleName("description")
            self.description.committed.connect(self._describe)
            layout.addWidget(self.description)
        self.variants = DropDown()
        self.variants.setAccessibleName("variant")
        self.variants.setToolTip("Sets the variables as one of the networks that this design lists")
        self.variants.activated.connect(self._choose_variant)
        self._variant_row = QWidget()
        self._variant_row.setLayout(row(label("Variant"), self.variants, spacing=8))
        layout.addWidget(self._variant_row)
        layout.addWidget(heading("Exposed parameters" if self.graph_name else "Variables"))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        layout.addLayout(self._rows)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        layout.addWidget(self.problem)
        layout.addLayout(self._make_adder())
        help_text = (
            "Parameters that each instance of this sub-graph may set"
            if self.graph_name
            else "Values that parameters may use in expressions, such as =width * 2"
        )
        layout.addWidget(label(help_text, "small", wrap=True))
        layout.addStretch(1)
        self.update_values()

    def _make_adder(self) -> QHBoxLayout:
        """Return the row in which a new variable is typed."""
        self.new_name, self.new_value = ValueField(), ValueField()
        self.new_name.setPlaceholderText("name")
        self.new_value.setPlaceholderText("value")
        self.new_name.setAccessibleName("new variable")
        self.new_value.setAccessibleName("value of the new variable")
        self.new_name.setFixedWidth(LABEL_WIDTH)
        self.new_name.returnPressed.connect(self._add)
        self.new_value.returnPressed.connect(self._add)
        adder = row(self.new_name, self.new_value, tool_button("add", "Add variable", self._add), spacing=4)
        adder.setStretch(1, 1)
        return adder

    def values(self) -> Mapping[str, Value]:
        """Return the variables of the design or the exposed parameters of the sub-graph."""
        return self.session.document.graph.params if self.graph_name else self.session.document.design.variables

    def update_values(self) -> None:
        """Show the current values."""
        design = self.session.document.design
        if not self.graph_name:
            self.header.show_name(design.name)
            self.description.show_text(design.description)
        self._show_variants(design)
        values = dict(self.values())
        if list(values) != self._shown_names:
            self._shown_names = list(values)
            clear(self._rows)
            self.fields: dict[str, ValueField] = {}
            for name in values:
                self._add_row(name)
        resolved = self._resolved()
        for name, field in self.fields.items():
            value = values[name]
            hint = f"= {to_text(resolved[name])}" if is_expression(value) and name in resolved else ""
            field.show_text(to_text(value), hint)

    def _show_variants(self, design: Design) -> None:
        """Offer the variants of the design, and none of them while its variables have other values."""
        self._variant_row.setVisible(bool(design.variants) and not self.graph_name)
        names_shown = [self.variants.itemData(index) for index in range(self.variants.count())]
        current = current_variant(design)
        offered = [*design.variants, *([] if current else [""])]
        if names_shown != offered:
            self.variants.clear()
            for name in offered:
                self.variants.addItem((design.variants[name].title or name) if name else "other values", name)
        self.variants.setCurrentIndex(self.variants.findData(current))

    def _choose_variant(self) -> None:
        if name := self.variants.currentData():
            title = self.variants.currentText()
            self.session.document.edit_design(f"Change the variant to {title}", apply_variant, name)

    def _add_row(self, name: str) -> None:
        field = ValueField(step=_step)
        field.setAccessibleName(name)
        title = self._make_exposed_name(name) if self.graph_name else _scrub_label(name, field)
        title.setFixedWidth(LABEL_WIDTH)
        field.committed.connect(lambda text: self._set(name, text))
        field.stepped.connect(lambda text, gesture: self._set(name, text, gesture))
        holder = QWidget()
        line = row(title, field, tool_button("delete", f"Remove {name}", lambda: self._remove(name)), spacing=4)
        line.setStretch(1, 1)
        holder.setLayout(line)
        self.fields[name] = field
        self._rows.addWidget(holder)

    def _make_exposed_name(self, name: str) -> QWidget:
        field = ValueField(name)
        field.setAccessibleName(f"name of {name}")
        field.setToolTip("Rename it here and in all instances")
        field.committed.connect(lambda text: self._rename_exposed(field, name, text.strip()))
        return field

    def _rename_exposed(self, field: ValueField, old: str, new: str) -> None:
        if not self.session.document.edit(
            f"Rename {old} to {new}", exposed.rename_exposed, graph=self.graph_name, old=old, new=new
        ):
            field.show_text(old)

    def _resolved(self) -> Mapping[str, Literal]:
        try:
            return expressions.resolve_variables(self.session.document.design.variables)
        except UserError as error:
            self.problem.setText(str(error))
            self.problem.show()
            return {}

    def _set(self, name: str, text: str, gesture: int = -1) -> None:
        try:
            value = from_text(text, None, self._resolved())
            if not self.graph_name and not isinstance(value, int | float | str | tuple | None):
                raise UserError(f"{name}: {text!r} is neither a number, a text, nor a list such as 2, 2, 6, 2")
        except UserError as error:
            self.problem.setText(str(error))
            self.problem.show()
            return
        self.problem.hide()
        key = ("variable", name, id(self), gesture) if gesture >= 0 else None
        if self.graph_name:
            self.session.document.edit(
                f"Set {name}",
                subgraphs.set_exposed,
                graph=self.graph_name,
                params={**self.values(), name: value},
                merge_key=key,
            )
        else:
            self.session.document.edit_design(f"Set {name}", edits.set_variable, name, value, merge_key=key)

    def _remove(self, name: str) -> None:
        if self.graph_name:
            self.session.document.edit(f"Unexpose {name}", exposed.unexpose, graph=self.graph_name, name=name)
        else:
            self.session.document.edit_design(f"Remove {name}", edits.remove_variable, name)

    def _add(self) -> None:
        name, text = self.new_name.text().strip(), self.new_value.text().strip()
        if not name:
            self.new_name.setFocus()
            return
        if reason := names.problem(name):
            self.problem.setText(f"{name!r} {reason}")
            self.problem.show()
        elif not text:
            self.new_value.setFocus()
        else:
            self._set(name, text)
            if name in self.values():
                self.new_name.clear()
                self.new_value.clear()
                self.new_name.setFocus()

    def _rename(self, name: str) -> bool:
        return bool(name) and self.session.document.edit_design("Rename design", _with_name, name)

    def _rename_graph(self, name: str) -> bool:
        try:
            design = subgraphs.rename_graph(self.session.document.design, self.graph_name, name)
        except DesignError as error:
            self.session.message.emit(str(error), "warning")
            return False
        self.session.document.apply(design, f"Rename sub-graph {self.graph_name} to {name}")
        return True

    def _describe(self, text: str) -> None:
        self.session.document.edit_design("Describe design", _with_description, text)


def _scrub_label(name: str, field: ValueField) -> ScrubLabel:
    label = ScrubLabel(name)
    label.set_field(field, steps=True)
    return label


def _with_name(design: Design, name: str) -> Design:
    return replace(design, name=name)


def _with_description(design: Design, text: str) -> Design:
    return replace(design, description=text)


def _step(text: str, steps: int) -> str | None:
    """Return the value some steps further: 1 for an integer, 0.1 for other numbers; None if it is no number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return str(int(value) + steps) if value.is_integer() and "." not in text else f"{round(value + steps * 0.1, 6):g}"
