"""A whole number with buttons for one more and one less."""

from typing import Any

from PySide6.QtWidgets import QSpinBox

TEXT_MARGIN = 6


class CountField(QSpinBox):
    """A QSpinBox whose number stands as far from the edge as a text does; style sheets do not reach the field inside.

    Args:
        options: properties of QSpinBox, such as `minimum`, `maximum` and `value`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.lineEdit().setTextMargins(TEXT_MARGIN, 0, 0, 0)
