"""The head of a page: colour, editable name, what it is."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

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
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.family(self._family)))
        painter.drawRoundedRect(self.rect(), 2, 2)


class Header(QWidget):
    """Name and kind.

    Args:
        name: the name.
        kind: what it is, such as the block.
        family: family of the colour.
        summary: one sentence.
        rename: gets a typed name, says whether it was taken; None for a name that cannot be changed here.
    """

    def __init__(self, name: str, kind: str, family: str, summary: str, rename: Callable[[str], bool] | None) -> None:
        super().__init__()
        self._rename = rename
        self.name = ValueField(name)
        self.name.setAccessibleName("Name")
        self.name.setFont(theme.font(theme.LARGE, bold=True))
        # In line with what is below: without the padding of a field, and without its edge until it is used.
        self.name.setStyleSheet(
            "QLineEdit { padding: 0; } QLineEdit:!focus { background: transparent; border-color: transparent; }"
        )
        self.name.setReadOnly(rename is None)
        self.name.committed.connect(self._typed)
        self.kind = label(kind, "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.name)
        below = row(Chip(family), self.kind)
        below.addStretch(1)
        layout.addLayout(below)
        if summary:
            layout.addWidget(label(summary, "muted", wrap=True))

    def show_name(self, name: str) -> None:
        """Show another name."""
        self.name.show_text(name)

    def field(self) -> QLineEdit:
        """The field with the name."""
        return self.name

    def _typed(self, text: str) -> None:
        if self._rename is not None:
            done = self._rename(text.strip())
            self.name.set_invalid("" if done else "not possible")
