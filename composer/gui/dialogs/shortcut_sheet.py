"""The shortcut sheet: all shortcuts by menu, and the gestures of the canvas."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from composer.gui.keymap import KeyMap, native
from composer.gui.look import theme
from composer.gui.widgets.labels import label

GESTURES = (
    ("Pan", "Middle drag, Space + drag"),
    ("Zoom at the pointer", "Wheel, pinch"),
    ("Select several items", "Drag; Shift adds, Ctrl toggles"),
    ("Add a wire", "Drag from a port to a port or node"),
    ("Add a block to a wire", "Drop its end on empty canvas"),
    ("Insert a node into a wire", "Drop the node on the wire"),
    ("Bend or straighten a wire", "Drag it, double-click"),
    ("Enter a sub-graph", "Double-click"),
)
COLUMNS = 3
MARGIN = 32  # between the sheet and the edges of the screen


class ShortcutSheet(QDialog):
    """A dialog with every shortcut; Escape closes it.

    Args:
        keymap: the shortcuts.
        parent: the window.
    """

    def __init__(self, keymap: KeyMap, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sections: dict[str, list[tuple[str, list[str]]]] = {}
        for id, bindable in keymap.bindables.items():
            if keys := keymap.keys(id):
                sections.setdefault(bindable.section, []).append((bindable.text, [native(key) for key in keys]))
        sections["Mouse"] = [(text, [gesture]) for text, gesture in GESTURES]
        columns = [QVBoxLayout() for _ in range(COLUMNS)]
        heights = [0] * COLUMNS
        for title, rows in sections.items():
            shortest = heights.index(min(heights))
            heights[shortest] += len(rows) + 2
            columns[shortest].addLayout(_section(title, rows))
            columns[shortest].addSpacing(16)
        content = QWidget()
        layout = QHBoxLayout(content)
        layout.setContentsMargins(24, 16, 24, 24)
        layout.setSpacing(32)
        for column in columns:
            column.addStretch(1)
            layout.addLayout(column)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        # Without scroll bars where the screen has the space: those of a few pixels too little would hide the last rows.
        needed = content.sizeHint()
        needed += QSize(2 * area.frameWidth(), 2 * area.frameWidth())
        space = self.screen().availableGeometry().size() - QSize(MARGIN, 2 * MARGIN)
        if needed.height() > space.height():
            needed.setWidth(needed.width() + area.verticalScrollBar().sizeHint().width())
        if needed.width() > space.width():
            needed.setHeight(needed.height() + area.horizontalScrollBar().sizeHint().height())
        self.resize(needed.boundedTo(space))


def _section(title: str, rows: list[tuple[str, list[str]]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(4)
    grid.setHorizontalSpacing(16)
    grid.addWidget(label(title, "heading"), 0, 0)
    for number, (text, keys) in enumerate(rows, 1):
        grid.addWidget(label(text), number, 0)
        grid.addWidget(_key_label(keys), number, 1, Qt.AlignmentFlag.AlignRight)
    return grid


def _key_label(keys: list[str]) -> QLabel:
    widget = label("   ".join(keys), "muted")
    widget.setFont(theme.font(theme.SMALL))
    return widget
