"""A read-only view of Python source with syntax highlighting.

Only the visible lines are highlighted, so the cost does not grow with the length of the source.
"""

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
# Colour of each kind of token in the dark and the light theme, with a contrast of at least 4.5:1 to the background.
COLORS = {
    "keyword": ("#c792ea", "#8a3fb8"),
    "string": ("#9ece8f", "#1e7a34"),
    "comment": ("#8b909b", "#6a6f79"),
    "number": ("#f0a87c", "#a8480a"),
    "decorator": ("#e3b341", "#8f5c00"),
    "defined": ("#7cb7ff", "#1557b8"),
}
KEYWORDS = frozenset(keyword.kwlist) | {"self"}


class LineNumbers(QWidget):
    """The margin with the line numbers."""

    def __init__(self, view: "CodeView") -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self) -> QSize:
        """Return the width of the largest number."""
        return QSize(self._view.margin(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the numbers of the visible lines."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.tokens().panel))
        painter.setFont(self._view.font())
        painter.setPen(QColor(theme.tokens().faint))
        block, view = self._view.firstVisibleBlock(), self._view
        while block.isValid():
            area = view.blockBoundingGeometry(block).translated(view.contentOffset())
            if area.top() > event.rect().bottom():
                break
            cell = QRect(0, int(area.top()), self.width() - 12, int(area.height()))
            painter.drawText(cell, Qt.AlignmentFlag.AlignRight, str(block.blockNumber() + 1))
            block = block.next()


class CodeView(QPlainTextEdit):
    """Shows Python source that can be selected and copied but not edited."""

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
        self._multiline_strings: list[tuple[int, int]] = []
        self._marked_attribute: str | None = None
        self._numbers = LineNumbers(self)
        self.updateRequest.connect(self._on_update)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._highlight())
        self.show_source("")

    def show_source(self, source: str) -> None:
        """Replace the source and keep the scroll position."""
        scroll = self.verticalScrollBar().value()
        self._multiline_strings = _multiline_strings(source)
        self.setPlainText(source)
        self.setViewportMargins(self.margin(), 0, 0, 0)
        self.verticalScrollBar().setValue(scroll)
        self._highlight()

    def mark(self, attribute: str | None, *, scroll: bool = True) -> None:
        """Highlight the lines that use an attribute of the model.

        Args:
            attribute: the attribute, which is the id of a node; None to highlight nothing.
            scroll: whether to scroll to the first of these lines.
        """
        self._marked_attribute = attribute
        if attribute and scroll:
            match = re.search(rf"self\.{re.escape(attribute)}\b", self.toPlainText())
            if match is not None:
                cursor = QTextCursor(self.document().findBlock(match.start()))
                self.setTextCursor(cursor)
                self.centerCursor()
        self._highlight()

    def margin(self) -> int:
        """Return the width of the line numbers in pixels."""
        return 28 + self.fontMetrics().horizontalAdvance("9") * max(2, len(str(self.blockCount())))

    def refresh_theme(self) -> None:
        """Redraw in the colours of the current theme."""
        self._highlight()
        self._numbers.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the margin as tall as the text."""
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.margin(), inside.height()))
        self._highlight()

    def changeEvent(self, event: QEvent) -> None:
        """Highlight again when the palette changes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._highlight()

    def _on_update(self, rect: QRect, dy: int) -> None:
        if dy:
            self._numbers.scroll(0, dy)
        else:
            self._numbers.update(0, rect.y(), self._numbers.width(), rect.height())

    def _highlight(self) -> None:
        """Replace the extra selections by those of the visible lines."""
        selections: list[QTextEdit.ExtraSelection] = []
        formats = {kind: QColor(pair[0 if theme.is_dark() else 1]) for kind, pair in COLORS.items()}
        block = self.firstVisibleBlock()
        bottom = self.viewport().height()
        marked = re.compile(rf"self\.{re.escape(self._marked_attribute)}\b") if self._marked_attribute else None
        while block.isValid() and self.blockBoundingGeometry(block).translated(self.contentOffset()).top() <= bottom:
            text, number, start = block.text(), block.blockNumber(), block.position()
            if marked is not None and marked.search(text):
                selections.append(self._marked_line(start))
            if any(first <= number <= last for first, last in self._multiline_strings):
                selections.append(self._colored_span(start, len(text), formats["string"]))
            else:
                for offset, length, kind in _tokens(text):
                    selections.append(self._colored_span(start + offset, length, formats[kind]))
            block = block.next()
        self.setExtraSelections(selections)

    def _colored_span(self, start: int, length: int, color: QColor) -> QTextEdit.ExtraSelection:
        selection = QTextEdit.ExtraSelection()
        selection.cursor = QTextCursor(self.document())
        selection.cursor.setPosition(start)
        selection.cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
        style = QTextCharFormat()
        style.setForeground(color)
        selection.format = style
        return selection

    def _marked_line(self, start: int) -> QTextEdit.ExtraSelection:
        selection = self._colored_span(start, 0, theme.color("text"))
        style = QTextCharFormat()
        style.setBackground(theme.color("tint"))
        style.setProperty(QTextFormat.Property.FullWidthSelection, True)
        selection.format = style
        return selection


def _tokens(line: str) -> list[tuple[int, int, str]]:
    """Return offset, length and kind of each token of a line that has a colour."""
    tokens, previous = [], ""
    for match in TOKEN.finditer(line):
        kind, word = str(match.lastgroup), match[0]
        if kind == "word":
            kind = "keyword" if word in KEYWORDS else "defined" if previous in ("def", "class") else ""
            previous = word
        if kind:
            tokens.append((match.start(), match.end() - match.start(), kind))
    return tokens


def _multiline_strings(source: str) -> list[tuple[int, int]]:
    """Return the first and last line, from 0, of each string literal that spans several lines."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [
        (token.start[0] - 1, token.end[0] - 1)
        for token in tokens
        if token.type == tokenize.STRING and token.start[0] != token.end[0]
    ]
