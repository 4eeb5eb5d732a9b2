"""A field for a count as people write it: 5M, 600k, 1.2G; empty for no limit, red with a reason while it makes no sense."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from composer.core import units
from composer.core.errors import UserError

WIDTH = 88


class BudgetField(QLineEdit):
    """Holds a count or nothing.

    Args:
        name: what is counted.
        hint: shown while it is empty.
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
        """The count; None if the field is empty or makes no sense."""
        return units.parse_count(self.text()) if self.text().strip() and not self.problem else None

    def _check(self) -> None:
        self.problem = ""
        if self.text().strip():
            try:
                units.parse_count(self.text())
            except UserError as error:
                self.problem = str(error)
        self.setToolTip(self.problem)
        self.setProperty("invalid", "true" if self.problem else "false")
        self.style().unpolish(self)
        self.style().polish(self)
        self.edited.emit()
