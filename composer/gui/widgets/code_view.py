"""Read-only Python with colours. Only the lines in view are coloured, so that a source of any length costs the same."""

import io
import keyword
import re
import tokenize

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from composer.gui.look import theme

TOKEN = re.compile(
    r"(?P<comment>#.*)|(?P<string>[rbf]*(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"))|(?P<number>\b\d[\d_.]*(?:e[+-]?\d+)?\b)"
    r"|(?P<decorator>^\s*@[\w.]+)|(?P<word>\b[A-Za-z_]\w*\b)"
)
COLORS = {  # dark, light; all of them at least 4.5:1 on the ground of the code
    "keyword": ("#c792ea", "#8a3fb8"),
    "string": ("#9ece8f", "#1e7a34"),
    "comment": ("#8b909b", "#6a6f79"),
    "number": ("#f0a87c", "#a8480a"),
    "decorator": ("#e3b341", "#8f5c00"),
    "defined": ("#7cb7ff", "#1557b8"),
}
KEYWORDS = frozenset(keyword.kwlist) | {"self"}


class LineNumbers(QWidget):
    """The margin with the numbers."""

    def __init__(self, view: "CodeView") -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self) -> QSize:
        """As wide as the largest number."""
        return QSize(self._view.margin(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The numbers of the lines in view."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.tokens().panel))
        painter.setFont(self._view.font())
        painter.setPen(QColor(theme.tokens().faint))
        block, view = self._view.firstVisibleBlock(), self._view
        while block.isValid():
            area = view.blockBoundingGeometry(block).translated(view.contentOffset())
            if area.top() > event.rect().bottom():
                break
            place = QRect(0, int(area.top()), self.width() - 12, int(area.height()))
            painter.drawText(place, Qt.AlignmentFlag.AlignRight, str(block.blockNumber() + 1))
            block = block.next()


class CodeView(QPlainTextEdit):
    """Shows Python source that can be selected and copied, not changed."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(theme.font(theme.BODY, mono=True))
        self.setStyleSheet("QPlainTextEdit { border: none; border-radius: 0; }")
        self.setAccessibleName("Generated source")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._inside_text: list[tuple[int, int]] = []
        self._marked: str | None = None
        self._numbers = LineNumbers(self)
        self.updateRequest.connect(self._on_update)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._color())
        self.show_source("")

    def show_source(self, source: str) -> None:
        """Show a source; the place that was read stays in view."""
        place = self.verticalScrollBar().value()
        self._inside_text = list(_long_strings(source))
        self.setPlainText(source)
        self.setViewportMargins(self.margin(), 0, 0, 0)
        self.verticalScrollBar().setValue(place)
        self._color()

    def mark(self, word: str | None, *, go: bool = True) -> None:
        """Light up the lines in which a name appears as an attribute of the model, and go to the first."""
        self._marked = word
        if word and go:
            found = re.search(rf"self\.{re.escape(word)}\b", self.toPlainText())
            if found is not None:
                cursor = QTextCursor(self.document().findBlock(found.start()))
                self.setTextCursor(cursor)
                self.centerCursor()
        self._color()

    def margin(self) -> int:
        """Width of the line numbers."""
        return 28 + self.fontMetrics().horizontalAdvance("9") * max(2, len(str(self.blockCount())))

    def refresh_theme(self) -> None:
        """Take over another theme."""
        self._color()
        self._numbers.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the margin as high as the text."""
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.margin(), inside.height()))
        self._color()

    def changeEvent(self, event: QEvent) -> None:
        """Colour again with another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._color()

    def _on_update(self, rect: QRect, dy: int) -> None:
        if dy:
            self._numbers.scroll(0, dy)
        else:
            self._numbers.update(0, rect.y(), self._numbers.width(), rect.height())

    def _color(self) -> None:
        found: list[QTextEdit.ExtraSelection] = []
        formats = {kind: QColor(pair[0 if theme.is_dark() else 1]) for kind, pair in COLORS.items()}
        block = self.firstVisibleBlock()
        bottom = self.viewport().height()
        marked = re.compile(rf"self\.{re.escape(self._marked)}\b") if self._marked else None
        while block.isValid() and self.blockBoundingGeometry(block).translated(self.contentOffset()).top() <= bottom:
            text, number, start = block.text(), block.blockNumber(), block.position()
            if marked is not None and marked.search(text):
                found.append(self._line(start))
            if any(first <= number <= last for first, last in self._inside_text):
                found.append(self._span(start, len(text), formats["string"]))
            else:
                for begin, length, kind in _tokens(text):
                    found.append(self._span(start + begin, length, formats[kind]))
            block = block.next()
        self.setExtraSelections(found)

    def _span(self, start: int, length: int, color: QColor) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        made.cursor = QTextCursor(self.document())
        made.cursor.setPosition(start)
        made.cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
        style = QTextCharFormat()
        style.setForeground(color)
        made.format = style
        return made

    def _line(self, start: int) -> QTextEdit.ExtraSelection:
        made = self._span(start, 0, theme.color("text"))
        style = QTextCharFormat()
        style.setBackground(theme.color("tint"))
        style.setProperty(QTextFormat.Property.FullWidthSelection, True)
        made.format = style
        return made


def _tokens(line: str) -> list[tuple[int, int, str]]:
    found, before = [], ""
    for match in TOKEN.finditer(line):
        kind, word = str(match.lastgroup), match[0]
        if kind == "word":
            kind = "keyword" if word in KEYWORDS else "defined" if before in ("def", "class") else ""
            before = word
        if kind:
            found.append((match.start(), match.end() - match.start(), kind))
    return found


def _long_strings(source: str) -> list[tuple[int, int]]:
    """First and last line of each string that runs over several lines."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [
        (token.start[0] - 1, token.end[0] - 1)
        for token in tokens
        if token.type == tokenize.STRING and token.start[0] != token.end[0]
    ]
