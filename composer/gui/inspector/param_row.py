"""One row of the form: a parameter, with the editor its declaration asks for."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from composer.core.blocks.params import describe
from composer.core.declarations import ParamSpec
from composer.core.errors import UserError
from composer.core.graph import Each, Literal, Ramp, Scalar, is_expression
from composer.core.value_text import from_text, to_text
from composer.gui.widgets.drop_down import DropDown
from composer.gui.widgets.labels import label, row, tool_button
from composer.gui.widgets.value_field import ScrubLabel, ValueField

FINE_STEPS = 100  # of a float's declared range
MIXED = object()


class QuietComboBox(DropDown):
    """A combo box that the wheel changes only while it has the focus."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the panel instead, unless it has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ParamRow(QWidget):
    """Label, editor and a button at the end: reset what was set, or unlock what comes from the wires.

    Args:
        spec: the parameter.
        variables: names that expressions may use, asked when needed.
        by_round: whether it may have another value in each round of a repeat.
    """

    # Name, value, and the number of the gesture that steps it (-1: a change of its own).
    changed = Signal(str, object, int)
    reset_asked = Signal(str)
    expose_asked = Signal(str)

    def __init__(
        self, spec: ParamSpec, variables: Callable[[], Mapping[str, Scalar]], *, by_round: bool = True
    ) -> None:
        super().__init__()
        self.spec = spec
        self._by_round = by_round
        self._variables = variables
        self._as_text = False
        self._shown: object = MIXED
        self.grey_default = False  # whether a value that is not set looks like one
        self.name = ScrubLabel(spec.name)
        self.name.setToolTip(tooltip(spec))
        self.name.setFixedWidth(112)
        self.name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.field = ValueField(step=self._stepped if spec.type in ("int", "float") else None)
        self.field.setToolTip(tooltip(spec))
        self.field.setAccessibleName(spec.name)
        self.field.setMinimumWidth(48)
        self.field.committed.connect(self._typed)
        self.field.stepped.connect(self._typed)
        self.name.set_field(self.field, steps=spec.type in ("int", "float"))
        self.check = self._make_check() if spec.type == "bool" and not spec.optional else None
        self.combo = self._make_combo() if spec.type in ("choice", "bool") and self.check is None else None
        self.end = tool_button("reset", "Reset to the default", self._end_clicked)
        self.end.setFixedSize(24, 24)
        policy = self.end.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.end.setSizePolicy(policy)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
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
        """Add a button that makes the parameter one of the sub-graph, so that each use may set it."""
        self.expose = tool_button(
            "expose", f"Expose {self.spec.name}: each use of this sub-graph may set it", self._expose_clicked
        )
        self.expose.setFixedSize(24, 24)
        policy = self.expose.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.expose.setSizePolicy(policy)
        layout = self.layout()
        if layout is not None:
            layout.addWidget(self.expose)

    def _expose_clicked(self) -> None:
        self.expose_asked.emit(self.spec.name)

    def _make_check(self) -> QCheckBox:
        made = QCheckBox()
        made.clicked.connect(lambda: self._commit(made.isChecked()))
        return made

    def _make_combo(self) -> QComboBox:
        made = QuietComboBox()
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(4)
        for choice in self.choices():
            made.addItem(to_text(choice))
        made.activated.connect(lambda index: self._commit(self.choices()[index]))
        return made

    def choices(self) -> tuple[Literal, ...]:
        """What the combo box offers."""
        given = self.spec.choices if self.spec.type == "choice" else (True, False)
        return (*given, None) if self.spec.optional else given

    def begin_anew(self) -> None:
        """Forget what was tried with the node shown before."""
        self._as_text = False
        self.problem.hide()
        self.field.begin_gesture()

    def show_value(self, value: object, *, is_set: bool, inferred: bool, resolved: object = MIXED) -> None:
        """Show a value.

        Args:
            value: the value, or `MIXED` where several nodes differ.
            is_set: whether the user set it.
            inferred: whether it comes from the wires.
            resolved: what an expression gives, or `MIXED` if that is not known.
        """
        self._shown = value
        open_ = isinstance(value, Each | Ramp) or is_expression(value)
        own = self.check or self.combo
        use_own = own is not None and not open_ and not self._as_text
        self.field.setVisible(not use_own)
        if own is not None:
            own.setVisible(use_own)
        if use_own and self.check is not None:
            self.check.setTristate(value is MIXED)
            self.check.setCheckState(
                Qt.CheckState.PartiallyChecked
                if value is MIXED
                else Qt.CheckState.Checked
                if value
                else Qt.CheckState.Unchecked
            )
        elif use_own and self.combo is not None:
            self.combo.setCurrentIndex(-1 if value is MIXED else self._index(value))
        else:
            shows_result = open_ and resolved is not MIXED and not isinstance(value, Each | Ramp)
            hint = f"= {to_text(resolved)}" if shows_result else ""  # type: ignore[arg-type]
            self.field.show_text("" if value is MIXED else to_text(value), hint)  # type: ignore[arg-type]
            self.field.setPlaceholderText(
                "several values" if value is MIXED else "from the wire" if inferred and value is None else ""
            )
            self.field.set_inferred(inferred)
            self._grey(self.grey_default and not is_set)
        font = self.name.font()
        font.setBold(is_set)
        self.name.setFont(font)
        self.end.setVisible(is_set or inferred)
        self._set_end(
            "unlock" if inferred else "reset",
            "Comes from the wire; set it by hand" if inferred else "Reset to the default",
        )

    def _grey(self, grey: bool) -> None:
        if grey != bool(self.field.property("unset")):
            self.field.setProperty("unset", grey)
            self.field.style().unpolish(self.field)
            self.field.style().polish(self.field)

    def _set_end(self, icon: str, tip: str) -> None:
        from composer.gui.look import theme

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
            if self._shown is not None and self._shown is not MIXED:
                self._commit(self._shown)
            else:
                self.field.set_inferred(False)
                self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.reset_asked.emit(self.spec.name)

    def _typed(self, text: str, gesture: int = -1) -> None:
        try:
            value = from_text(text, self.spec, self._variables())
            if not self._by_round and isinstance(value, Each | Ramp):
                raise UserError(
                    f"{self.spec.name}: “{text}” is a value for each round; give one for all, such as 6 or =depth"
                )
        except UserError as error:
            self.field.set_invalid(str(error))
            self.problem.setText(str(error))
            self.problem.show()
            return
        self.field.set_invalid("")
        self.problem.hide()
        self._as_text = self._as_text and is_expression(value)
        self._commit(value, gesture)

    def _commit(self, value: object, gesture: int = -1) -> None:
        self.changed.emit(self.spec.name, value, gesture)

    def _stepped(self, text: str, steps: int) -> str | None:
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
        """Reset, or write an expression where the editor takes only values."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        reset = QAction("Reset to the default", menu)
        reset.triggered.connect(lambda: self.reset_asked.emit(self.spec.name))
        menu.addAction(reset)
        expression = QAction("Write an expression", menu)
        expression.triggered.connect(self.write_expression)
        menu.addAction(expression)
        menu.popup(event.globalPos())

    def write_expression(self) -> None:
        """Show the text field, beginning an expression."""
        self._as_text = True
        for editor in (self.check, self.combo):
            if editor is not None:
                editor.hide()
        self.field.set_inferred(False)
        self.field.show()
        self.field.setText("=")
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)


def tooltip(spec: ParamSpec) -> str:
    """The help of a parameter, what it takes and what it is by default."""
    default = "comes from the wire" if spec.inferred else f"default: {to_text(spec.default)}"
    return "\n".join(part for part in (spec.help, f"{describe(spec)}; {default}") if part)


def heading(text: str) -> QLabel:
    """The heading of a section of a page."""
    made = label(text, "heading")
    made.setContentsMargins(0, 8, 0, 0)
    return made
