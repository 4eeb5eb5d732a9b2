"""A grid of titled fields: two short ones in a line, long ones in a line of their own."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from composer.gui.widgets.labels import label

COLUMNS = 4  # title and field, twice


class FieldGrid(QGridLayout):
    """Fills itself line by line.

    Attributes:
        titles: the titles of the fields.
    """

    def __init__(self) -> None:
        super().__init__()
        self.titles: list[QLabel] = []
        self.setHorizontalSpacing(8)
        self.setVerticalSpacing(4)
        self.setColumnStretch(1, 1)
        self.setColumnStretch(3, 1)
        self._line, self._half = 0, False

    def clear_fields(self, *kept: QWidget) -> None:
        """Remove and delete everything; what is kept can be added again."""
        while (item := self.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None and widget not in kept:
                widget.hide()
                widget.deleteLater()
        for line in range(self.rowCount()):
            self.setRowStretch(line, 0)
        self.titles, self._line, self._half = [], 0, False

    def add_wide(self, widget: QWidget) -> None:
        """Add a widget that takes a whole line."""
        self._next_line()
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
            self._next_line()
        first = COLUMNS // 2 if self._half else 0
        title = None
        if text:
            title = label(text, "muted")
            title.setToolTip(help)
            title.setBuddy(field)
            self.titles.append(title)
            self.addWidget(title, self._line, first)
            self.addWidget(field, self._line, first + 1, 1, COLUMNS - 1 if wide else 1)
        else:
            self.addWidget(field, self._line, first, 1, COLUMNS if wide else COLUMNS // 2)
        if wide or self._half:
            self._line, self._half = self._line + 1, False
        else:
            self._half = True
        return title

    def end(self) -> None:
        """Let what is left of the height be below the fields."""
        self._next_line()
        self.setRowStretch(self._line, 1)
        self.setAlignment(Qt.AlignmentFlag(0))

    def end_group(self) -> None:
        """Start the next field in a new line."""
        self._next_line()

    def _next_line(self) -> None:
        if self._half:
            self._line, self._half = self._line + 1, False
