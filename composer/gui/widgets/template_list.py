"""The templates as a list of cards: name, input size, parameter count, and the paper or other source."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from composer.core.files.templates import TemplateEntry, read_head, template_files
from composer.gui.look import theme

ENTRY = Qt.ItemDataRole.UserRole
DESCRIPTION_LINES = 2
SIDE, TOP, GAP = 12, 8, 2  # pixels around a card's text and between its lines

Index = QModelIndex | QPersistentModelIndex


def elided_lines(text: str, metrics: QFontMetrics, width: int, count: int) -> list[str]:
    """Break a text into lines of a width; the last line ends in an ellipsis if more would follow.

    Args:
        text: the text.
        metrics: metrics of its font.
        width: largest width of a line in pixels.
        count: largest number of lines.
    """
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < count - 1:
        line = words.pop(0)
        while words and metrics.horizontalAdvance(f"{line} {words[0]}") <= width:
            line = f"{line} {words.pop(0)}"
        lines.append(metrics.elidedText(line, Qt.TextElideMode.ElideRight, width))
    if words:
        lines.append(metrics.elidedText(" ".join(words), Qt.TextElideMode.ElideRight, width))
    return lines


class TemplateDelegate(QStyledItemDelegate):
    """Paints a template as a card of four lines: name, sizes, and two lines of description."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of the four lines; the view sets the width."""
        bold, small = QFontMetrics(theme.font(bold=True)), QFontMetrics(theme.font(theme.SMALL))
        return QSize(120, 2 * TOP + bold.lineSpacing() + (1 + DESCRIPTION_LINES) * (small.lineSpacing() + GAP))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one card."""
        entry: TemplateEntry = index.data(ENTRY)
        t = theme.tokens()
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.tint if state & QStyle.StateFlag.State_Selected else t.hover))
            painter.drawRoundedRect(rect.adjusted(4, 1, -4, -1), 4, 4)
        inner = rect.adjusted(SIDE, TOP, -SIDE, -TOP)
        bold, small = theme.font(bold=True), theme.font(theme.SMALL)
        metrics = QFontMetrics(small)
        painter.setFont(bold)
        painter.setPen(QColor(t.text))
        name = QFontMetrics(bold).elidedText(entry.name, Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(inner, Qt.AlignmentFlag.AlignTop, name)
        painter.setFont(small)
        painter.setPen(QColor(t.muted))
        top = inner.top() + QFontMetrics(bold).lineSpacing() + GAP
        for line in (entry.summary, *elided_lines(entry.description, metrics, int(inner.width()), DESCRIPTION_LINES)):
            painter.drawText(
                QRectF(inner.left(), top, inner.width(), metrics.height()), Qt.AlignmentFlag.AlignTop, line
            )
            top += metrics.lineSpacing() + GAP
        painter.restore()


class TemplateList(QListWidget):
    """The templates; a double click or Return chooses one.

    Signals:
        template_chosen: the path of the chosen template.
    """

    template_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setItemDelegate(TemplateDelegate(self))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Templates")
        self.itemActivated.connect(lambda item: self.template_chosen.emit(item.data(ENTRY).path))

    def fill(self) -> None:
        """Read the template files, unless that has been done."""
        if self.count():
            return
        for path in template_files():
            entry = read_head(path)
            item = QListWidgetItem(entry.name)
            item.setData(ENTRY, entry)
            item.setToolTip(f"{entry.description}\n\nDouble-click to open a copy")
            self.addItem(item)
