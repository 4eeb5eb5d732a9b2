"""The legend of a plot: a sample of each line, its name, and its value under the cursor or at the end of the curve."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from composer.gui.look import theme
from composer.gui.widgets.readout import line_pen

SAMPLE, GAP, HEIGHT = 14, 5, 20


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One line of a plot.

    Args:
        name: its name; left out where space is short and there is a value.
        dashed: whether it is dashed.
        value: a value of it as text; empty for none.
        color: its colour; None for that of quiet text.
    """

    name: str
    dashed: bool = False
    value: str = ""
    color: QColor | None = None


class PlotLegend(QWidget):
    """Explains the lines of a plot on one line: names and values, or values, or the last value, as space allows.

    Args:
        entries: the lines.
    """

    def __init__(self, entries: Sequence[LegendEntry] = ()) -> None:
        super().__init__()
        self._entries = tuple(entries)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @property
    def entries(self) -> tuple[LegendEntry, ...]:
        """The lines."""
        return self._entries

    def set_entries(self, entries: Sequence[LegendEntry]) -> None:
        """Explain other lines."""
        if tuple(entries) != self._entries:
            self._entries = tuple(entries)
            self.updateGeometry()
            self.update()

    def text(self) -> str:
        """Return what it shows, for tests and screen readers."""
        return "  ".join(" ".join(part for part in _texts(entry, names=True) if part) for entry in self._entries)

    def minimumSizeHint(self) -> QSize:
        """Return no width: the legend is cut off before the plot makes its panel wide."""
        return QSize(0, HEIGHT)

    def sizeHint(self) -> QSize:
        """Return the size with all names."""
        return QSize(self._width(names=True), HEIGHT)

    def _width(self, *, names: bool, entries: Sequence[LegendEntry] | None = None) -> int:
        metrics = QFontMetrics(theme.font(theme.SMALL))
        rows = self._entries if entries is None else entries
        texts = (" ".join(part for part in _texts(entry, names=names) if part) for entry in rows)
        return sum(SAMPLE + GAP + metrics.horizontalAdvance(text) + 2 * GAP for text in texts)

    def _fitting(self) -> tuple[Sequence[LegendEntry], bool]:
        """Return the entries that fit, and whether with their names; none rather than half of one."""
        choices = ((self._entries, True), (self._entries, False), (self._entries[-1:], False))
        for entries, names in choices:
            has_text = names or all(entry.value for entry in entries)
            if has_text and self._width(names=names, entries=entries) <= self.width():
                return entries, names
        return (), False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a short line before each name or value, aligned at the right."""
        entries, names = self._fitting()
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL))
        metrics, middle = QFontMetrics(theme.font(theme.SMALL)), self.height() // 2
        x = self.width() - self._width(names=names, entries=entries) + 2 * GAP
        for entry in entries:
            painter.setPen(line_pen(entry.color or theme.color("muted"), dashed=entry.dashed))
            painter.drawLine(x, middle, x + SAMPLE, middle)
            x += SAMPLE + GAP
            for text, ink in zip(_texts(entry, names=names), ("muted", "text"), strict=True):
                if text:
                    painter.setPen(theme.color(ink))
                    painter.drawText(x, 0, 400, self.height(), Qt.AlignmentFlag.AlignVCenter, text)
                    x += metrics.horizontalAdvance(text + " ")
            x += 2 * GAP - metrics.horizontalAdvance(" ")


def _texts(entry: LegendEntry, *, names: bool) -> tuple[str, str]:
    return entry.name if names or not entry.value else "", entry.value
