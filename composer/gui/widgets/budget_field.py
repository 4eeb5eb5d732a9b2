"""A field for an upper limit in the usual short form (5M, 600k, 1.2G); an empty field means no limit."""

from PySide6.QtCore import Signal

from composer.core import units
from composer.core.errors import UserError
from composer.gui.widgets.labels import set_state
from composer.gui.widgets.line_edit import LineEdit

WIDTH = 88


class BudgetField(LineEdit):
    """A line edit that holds a count or nothing, and turns red while its text is neither.

    Args:
        name: what is counted; used as the accessible name.
        hint: placeholder text.

    Attributes:
        problem: why the text is not a count, also shown as the tooltip; empty if it is one.

    Signals:
        edited: the text has changed.
    """

    edited = Signal()

    def __init__(self, name: str, hint: str) -> None:
        super().__init__(placeholderText=hint)
        self.setFixedWidth(WIDTH)
        self.setAccessibleName(name)
        self.problem = ""
        self.textChanged.connect(lambda _: self._check())

    @property
    def value(self) -> int | None:
        """The count; None if the field is empty or its text is not a count."""
        return units.parse_count(self.text()) if self.text().strip() and not self.problem else None

    def _check(self) -> None:
        self.problem = ""
        if self.text().strip():
            try:
                units.parse_count(self.text())
            except UserError as error:
                self.problem = str(error)
        self.setToolTip(self.problem)
        set_state(self, "invalid", bool(self.problem))
        self.edited.emit()
