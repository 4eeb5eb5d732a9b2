"""The head of an inspector page: the editable name, the kind of the item and its summary."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from composer.gui.look import theme
from composer.gui.widgets.labels import label, row
from composer.gui.widgets.value_field import ValueField


class Chip(QWidget):
    """A small square in the colour of a family."""

    def __init__(self, family: str) -> None:
        super().__init__()
        self._family = family
        self.setFixedSize(10, 10)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the square."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.family(self._family)))
        painter.drawRoundedRect(self.rect(), 2, 2)


class Header(QWidget):
    """Name, kind and summary of an item.

    Args:
        name: the name.
        kind: the kind of item, such as its block.
        family: the family that gives the colour.
        summary: one sentence; empty for none.
        rename: called with a typed name, returns whether it was accepted; None if the name cannot be edited here.

    Attributes:
        name: the field with the name.
        kind: the label with the kind.
    """

    def __init__(self, name: str, kind: str, family: str, summary: str, rename: Callable[[str], bool] | None) -> None:
        super().__init__()
        self._rename = rename
        self.name = ValueField(name)
        self.name.setAccessibleName("Name")
        self.name.setFont(theme.font(theme.LARGE, bold=True))
        # Without padding the name is aligned with the text below it; without focus it looks like a label.
        self.name.setStyleSheet(
            "QLineEdit { padding: 0; margin-left: -3px; }"
            "QLineEdit:!focus { background: transparent; border-color: transparent; }"
        )
        self.name.setReadOnly(rename is None)
        self.name.committed.connect(self._apply_name)
        self.kind = label(kind, "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.name)
        kind_row = row(Chip(family), self.kind)
        kind_row.addStretch(1)
        layout.addLayout(kind_row)
        if summary:
            layout.addWidget(label(summary, "muted", wrap=True))

    def show_name(self, name: str) -> None:
        """Show another name."""
        self.name.show_text(name)

    def _apply_name(self, text: str) -> None:
        if self._rename is not None:
            accepted = self._rename(text.strip())
            self.name.set_invalid("" if accepted else "This name cannot be used")
