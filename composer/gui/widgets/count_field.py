"""A spin box for integers."""

from typing import Any

from PySide6.QtWidgets import QSpinBox

TEXT_MARGIN = 6


class CountField(QSpinBox):
    """A QSpinBox with the left margin of a line edit, which a style sheet cannot give to the field inside.

    Args:
        options: properties of QSpinBox, such as ``minimum``, ``maximum`` and ``value``.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.lineEdit().setTextMargins(TEXT_MARGIN, 0, 0, 0)
