"""The templates as a list of cards: name, size, and the source they follow."""

import re
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from composer import paths
from composer.core import units
from composer.gui.look import theme

HEAD_BYTES = 4000  # name, description and counts stand at the top of the file
ENTRY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Entry:
    """What the head of a template file says."""

    path: Path
    name: str
    description: str
    params: int | None


def read_head(path: Path) -> Entry:
    """Name, description and parameter count of a template, without reading the whole design."""
    with path.open(encoding="utf-8", errors="replace") as file:
        head = file.read(HEAD_BYTES)
    name, description = (
        match[1].strip() if (match := re.search(rf'^{key}: "?(.*?)"?$', head, re.MULTILINE)) else ""
        for key in ("name", "description")
    )
    params = re.search(r"^expected: .*?params: (\d+)", head, re.MULTILINE)
    return Entry(path, name or path.stem, description, int(params[1]) if params else None)


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, 64)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry: Entry = index.data(ENTRY)
        t = theme.tokens()
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.tint if state & QStyle.StateFlag.State_Selected else t.hover))
            painter.drawRoundedRect(rect.adjusted(4, 1, -4, -1), 4, 4)
        inner = rect.adjusted(12, 8, -12, -6)
        bold, small = theme.font(bold=True), theme.font(theme.SMALL)
        painter.setFont(bold)
        painter.setPen(QColor(t.text))
        painter.drawText(
            inner,
            Qt.AlignmentFlag.AlignTop,
            QFontMetrics(bold).elidedText(entry.name, Qt.TextElideMode.ElideRight, int(inner.width()) - 64),
        )
        painter.setFont(small)
        painter.setPen(QColor(t.muted))
        if entry.params is not None:
            painter.drawText(inner, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight, units.count(entry.params))
        painter.drawText(
            inner.adjusted(0, 18, 0, 0), Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, entry.description
        )
        painter.restore()


class TemplateList(QListWidget):
    """Templates; a double click or Return chooses one."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setItemDelegate(_Delegate(self))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Templates")
        self.itemActivated.connect(lambda item: self.chosen.emit(item.data(ENTRY).path))

    def fill(self) -> None:
        """Read the templates, once."""
        if self.count():
            return
        for path in sorted(paths.TEMPLATES.glob("*.yaml")):
            entry = read_head(path)
            item = QListWidgetItem(entry.name)
            item.setData(ENTRY, entry)
            item.setToolTip(f"{entry.description}\n\nDouble click to open a copy")
            self.addItem(item)
