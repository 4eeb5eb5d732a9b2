"""One row of the parameter form: the name, an editor for the declared type, and buttons."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.graph import Each, Literal, Ramp, is_expression
from composer.core.param_check import describe
from composer.core.value_text import from_text, to_text
from composer.gui.look import theme
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import label, row, set_state, tool_button
from composer.gui.widgets.value_field import ScrubLabel, ValueField

FINE_STEPS = 100  # steps into which the declared range of a float is divided
LABEL_WIDTH = 112  # width of the names in all inspector pages
MIXED = object()  # the value of a parameter that differs between the selected nodes


class QuietComboBox(DropDown):
    """A drop-down that ignores the mouse wheel unless it has the focus, so that scrolling a panel changes no value."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pass the event on to the panel, unless the drop-down has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ParamRow(QWidget):
    """Label, editor and a button that resets a value or unlocks one that comes from the wires.

    Args:
        spec: the parameter.
        variables: returns the values that expressions may use.
        per_iteration: whether the parameter may have a different value in each iteration of a repeat.

    Attributes:
        spec: the parameter.
        field: the text editor, used for numbers, strings, tuples and expressions.
        check: the check box of a boolean; None for other types.
        combo: the drop-down of a choice or optional boolean; None for other types.
        end: the button at the end of the row.
        problem: the label with the reason why the typed text was refused; placed by the page.
        expose: the button that exposes the parameter of a sub-graph's node; None elsewhere.
        grey_default: whether the default is shown in grey until the user sets a value.

    Signals:
        changed: name, new value, and the number of the gesture it belongs to; -1 for a single change.
        reset_requested: the name of the parameter to reset.
        expose_requested: the name of the parameter to expose.
    """

    changed = Signal(str, object, int)
    reset_requested = Signal(str)
    expose_requested = Signal(str)

    def __init__(
        self, spec: ParamSpec, variables: Callable[[], Mapping[str, Literal]], *, per_iteration: bool = True
    ) -> None:
        super().__init__()
        self.spec = spec
        self._per_iteration = per_iteration
        self._variables = variables
        self._as_text = False
        self._value: object = MIXED
        self.grey_default = False
        self.name = ScrubLabel(spec.name)
        self.name.setToolTip(tooltip(spec))
        self.name.setFixedWidth(LABEL_WIDTH)
        self.name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.field = ValueField(step=self._step if spec.type in ("int", "float") else None)
        self.field.setToolTip(tooltip(spec))
        self.field.setAccessibleName(spec.name)
        self.field.setMinimumWidth(48)
        self.field.committed.connect(self._apply_text)
        self.field.stepped.connect(self._apply_text)
        self.name.set_field(self.field, steps=spec.type in ("int", "float"))
        self.check = self._make_check() if spec.type == "bool" and not spec.optional else None
        self.combo = self._make_combo() if spec.type in ("choice", "bool") and self.check is None else None
        self.end = tool_button("reset", "Reset to the default", self._end_clicked)
        self.end.setFixedSize(24, 24)
        policy = self.end.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.end.setSizePolicy(policy)
        self.problem = label("", "error", wrap=True)
        self.field.show_reason_in(self.problem)
        layout = row(self.name, self.field, spacing=4)
        for editor in (self.check, self.combo):
            if editor is not None:
                editor.setToolTip(tooltip(spec))
                editor.setAccessibleName(spec.name)
                layout.addWidget(editor, 1)
        layout.setStretch(1, 1)
        layout.addWidget(self.end)
        self.expose: QToolButton | None = None
        self.setLayout(layout)

    def offer_expose(self) -> None:
        """Add a button that exposes the parameter: each instance of the sub-graph may then set it."""
        self.expose = tool_button(
            "expose",
            f"Expose {self.spec.name}, so that each instance of this sub-graph may set it",
            self._expose_clicked,
        )
        self.expose.setFixedSize(24, 24)
        policy = self.expose.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.expose.setSizePolicy(policy)
        layout = self.layout()
        if layout is not None:
            layout.addWidget(self.expose)

    def _expose_clicked(self) -> None:
        self.expose_requested.emit(self.spec.name)

    def _make_check(self) -> QCheckBox:
        check = QCheckBox()
        check.clicked.connect(lambda: self._commit(check.isChecked()))
        return check

    def _make_combo(self) -> QComboBox:
        combo = QuietComboBox()
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(4)
        for choice in self.choices():
            combo.addItem(to_text(choice))
        combo.activated.connect(lambda index: self._commit(self.choices()[index]))
        return combo

    def choices(self) -> tuple[Literal, ...]:
        """Return the items of the drop-down."""
        choices = self.spec.choices if self.spec.type == "choice" else (True, False)
        return (*choices, None) if self.spec.optional else choices

    def reset_editing(self) -> None:
        """Drop the state of editing the previous node: its refused text, its expression and its gesture."""
        self._as_text = False
        self.field.set_invalid("")
        self.field.begin_gesture()

    def show_value(self, value: object, *, is_set: bool, inferred: bool, resolved: object = MIXED) -> None:
        """Show a value.

        Args:
            value: the value, or `MIXED` if the selected nodes differ.
            is_set: whether the user has set it.
            inferred: whether it comes from the wires.
            resolved: the result of an expression, or `MIXED` if it is unknown.
        """
        self._value = value
        needs_text = self._as_text or isinstance(value, Each | Ramp) or is_expression(value)
        editor = self.check or self.combo  # the editor for plain values; expressions need the text field
        self.field.setVisible(editor is None or needs_text)
        if editor is not None:
            editor.setVisible(not needs_text)
        if editor is None or needs_text:
            self._show_as_text(value, resolved, inferred=inferred, grey=self.grey_default and not is_set)
        elif self.check is not None:
            checked = Qt.CheckState.Checked if value else Qt.CheckState.Unchecked
            self.check.setTristate(value is MIXED)
            self.check.setCheckState(Qt.CheckState.PartiallyChecked if value is MIXED else checked)
        elif self.combo is not None:
            self.combo.setCurrentIndex(-1 if value is MIXED else self._index(value))
        font = self.name.font()
        font.setBold(is_set)
        self.name.setFont(font)
        self.end.setVisible(is_set or inferred)
        self._set_end(
            "unlock" if inferred else "reset",
            "Set by hand instead of from the wire" if inferred else "Reset to the default",
        )

    def _show_as_text(self, value: object, resolved: object, *, inferred: bool, grey: bool) -> None:
        """Show a value in the text field, with the result of an expression as a hint."""
        shows_result = is_expression(value) and resolved is not MIXED
        hint = f"= {to_text(resolved)}" if shows_result else ""  # type: ignore[arg-type]
        self.field.show_text("" if value is MIXED else to_text(value), hint)  # type: ignore[arg-type]
        self.field.setPlaceholderText(
            "several values" if value is MIXED else "from the wire" if inferred and value is None else ""
        )
        self.field.set_inferred(inferred)
        set_state(self.field, "unset", grey)

    def _set_end(self, icon: str, tip: str) -> None:
        if self.end.property("icon_name") != icon or self.end.icon().isNull():
            self.end.setProperty("icon_name", icon)
            self.end.setToolTip(tip)
            self.end.setAccessibleName(f"{tip}: {self.spec.name}")
        self.end.setIcon(theme.icon("lock" if icon == "unlock" else icon, "muted"))

    def _index(self, value: object) -> int:
        return next(
            (index for index, choice in enumerate(self.choices()) if choice == value and type(choice) is type(value)),
            -1,
        )

    def _end_clicked(self) -> None:
        self._as_text = False
        if self.end.property("icon_name") == "unlock":
            if self._value is not None and self._value is not MIXED:
                self._commit(self._value)
            else:
                self.field.set_inferred(False)
                self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.reset_requested.emit(self.spec.name)

    def _apply_text(self, text: str, gesture: int = -1) -> None:
        try:
            value = from_text(text, self.spec, self._variables())
            if not self._per_iteration and isinstance(value, Each | Ramp):
                raise UserError(
                    f"{self.spec.name}: “{text}” has a value per iteration; enter a single value, such as 6 or =depth"
                )
        except UserError as error:
            self.field.set_invalid(str(error))
            return
        self.field.set_invalid("")
        self._as_text = self._as_text and is_expression(value)
        self._commit(value, gesture)

    def _commit(self, value: object, gesture: int = -1) -> None:
        self.changed.emit(self.spec.name, value, gesture)

    def _step(self, text: str, steps: int) -> str | None:
        try:
            value = float(text)
        except ValueError:
            return None  # an expression has no next value
        low, high = self.spec.range or (float("-inf"), float("inf"))
        if self.spec.type == "int":
            return str(int(min(max(value + steps, low), high)))
        width = (high - low) / FINE_STEPS if self.spec.range is not None else 0.1
        return f"{round(min(max(value + steps * width, low), high), 6):g}"

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to reset the value, or to write an expression where the editor accepts only plain values."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        reset = QAction("Reset to the default", menu)
        reset.triggered.connect(lambda: self.reset_requested.emit(self.spec.name))
        menu.addAction(reset)
        expression = QAction("Write an expression", menu)
        expression.triggered.connect(self.write_expression)
        menu.addAction(expression)
        menu.popup(event.globalPos())

    def write_expression(self) -> None:
        """Show the text field with the start of an expression."""
        self._as_text = True
        for editor in (self.check, self.combo):
            if editor is not None:
                editor.hide()
        self.field.set_inferred(False)
        self.field.show()
        self.field.setText("=")
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)


def tooltip(spec: ParamSpec) -> str:
    """Return the description of a parameter, the values it accepts and its default."""
    default = "comes from the wire" if spec.inferred else f"default: {to_text(spec.default)}"
    return "\n".join(part for part in (spec.help, f"{describe(spec)}; {default}") if part)


def heading(text: str) -> QLabel:
    """Return the heading of a section of a page."""
    title = label(text, "heading")
    title.setContentsMargins(0, 8, 0, 0)
    return title
