"""A grid of titled fields: two short ones in a line, long ones in a line of their own."""

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from composer.gui.widgets.labels import clear, label

COLUMNS = 4  # title and field, twice


class FieldGrid(QGridLayout):
    """Fills itself line by line.

    Args:
        left: pixels that the titles of left fields have at least, so that the fields of several grids are below each
            other.
        right: pixels that those of right fields have at least.
    """

    def __init__(self, left: int = 0, right: int = 0) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setColumnMinimumWidth(0, left)
        self.setColumnMinimumWidth(2, right)
        self.setHorizontalSpacing(8)
        self.setVerticalSpacing(4)
        self.setColumnStretch(1, 1)
        self.setColumnStretch(3, 1)
        self._line, self._half = 0, False

    def clear_fields(self) -> None:
        """Remove and delete everything."""
        clear(self)
        self._line, self._half = 0, False

    def add_wide(self, widget: QWidget) -> None:
        """Add a widget that takes a whole line."""
        self.end_line()
        self.addWidget(widget, self._line, 0, 1, COLUMNS)
        self._line += 1

    def add_field(self, text: str, field: QWidget, help: str = "", *, wide: bool = False) -> QLabel | None:
        """Add a field with its title.

        Args:
            text: the title; empty for a field that shows its own.
            field: the field.
            help: tooltip of the title.
            wide: whether it takes a whole line.

        Returns:
            The title; None if there is none.
        """
        if wide:
            self.end_line()
        first = COLUMNS // 2 if self._half else 0
        title = None
        if text:
            title = label(text, "muted")
            title.setToolTip(help)
            title.setBuddy(field)
            self.addWidget(title, self._line, first)
            self.addWidget(field, self._line, first + 1, 1, COLUMNS - 1 if wide else 1)
        else:
            self.addWidget(field, self._line, first, 1, COLUMNS if wide else COLUMNS // 2)
        if wide or self._half:
            self._line, self._half = self._line + 1, False
        else:
            self._half = True
        return title

    def end_line(self) -> None:
        """Start the next field in a new line."""
        if self._half:
            self._line, self._half = self._line + 1, False
