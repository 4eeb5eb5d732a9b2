"""The shortcut sheet: all commands with their keys, by menu, and the gestures of the canvas."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from composer.gui.look import theme
from composer.gui.shell import keymap
from composer.gui.widgets.labels import label

GESTURES = (
    ("Pan", "Middle drag, Space + drag"),
    ("Zoom at the pointer", "Wheel, pinch"),
    ("Select several", "Drag; Shift adds, Ctrl toggles"),
    ("Wire", "Drag from port to port, or onto a node"),
    ("Add at the end of a wire", "Drop a wire on empty canvas"),
    ("Insert into a wire", "Drop a node on the wire"),
    ("Bend a wire", "Drag it, or double click; again to straighten"),
    ("Enter a sub-graph", "Double click"),
    ("Nudge", "Arrow keys; Shift for more"),
)
COLUMNS = 3


class ShortcutSheet(QDialog):
    """A dialog with every key; Escape closes it.

    Args:
        parent: the window.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        columns = [QVBoxLayout() for _ in range(COLUMNS)]
        heights = [0] * COLUMNS
        sections: dict[str, list[tuple[str, list[str]]]] = {}
        for bindable in keymap.bindables():
            if bindable.keys:
                sections.setdefault(bindable.section, []).append(
                    (bindable.text, [keymap.native(key) for key in bindable.keys])
                )
        for title, rows in sections.items():
            self._add(columns, heights, title, rows)
        self._add(columns, heights, "On the canvas", [(text, [how]) for text, how in GESTURES])
        inside = QWidget()
        layout = QHBoxLayout(inside)
        layout.setContentsMargins(24, 16, 24, 24)
        layout.setSpacing(32)
        for column in columns:
            column.addStretch(1)
            layout.addLayout(column)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self.resize(min(1040, parent.width()), min(640, parent.height()))

    def _add(
        self, columns: list[QVBoxLayout], heights: list[int], title: str, rows: list[tuple[str, list[str]]]
    ) -> None:
        place = heights.index(min(heights))
        heights[place] += len(rows) + 2
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(16)
        grid.addWidget(label(title, "heading"), 0, 0)
        for number, (text, keys) in enumerate(rows, 1):
            grid.addWidget(label(text), number, 0)
            grid.addWidget(_keys(keys), number, 1, Qt.AlignmentFlag.AlignRight)
        columns[place].addLayout(grid)
        columns[place].addSpacing(16)


def _keys(keys: list[str]) -> QLabel:
    made = label("   ".join(keys), "muted")
    made.setFont(theme.font(theme.SMALL))
    return made
