"""How many samples each class has in each part of a dataset, as bars; a click shows one class alone."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from composer.gui.look import theme

ROW, BAR, PAD, KEY = 20, 8, 4, 18
# Opacity of the part of a bar that stands for each part of the dataset, and its name for people.
PARTS = {"train": (1.0, "training"), "val": (0.55, "validation"), "test": (0.28, "test")}


class ClassBalance(QWidget):
    """One row per class: name, bar and number of samples.

    Attributes:
        classes: names of the classes.
        counts: samples of each class, by part.
        selected: number of the class that is shown alone; None for all.

    Signals:
        class_selected: the class that should be shown alone, or None.
    """

    class_selected = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.classes: tuple[str, ...] = ()
        self.counts: dict[str, Sequence[int]] = {}
        self.selected: int | None = None
        self._totals: list[int] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Classes")
        self.setMouseTracking(True)

    def show_counts(self, classes: Sequence[str], counts: Mapping[str, Sequence[int]]) -> None:
        """Show other classes.

        Args:
            classes: their names.
            counts: samples of each class, by part (``train``, ``val``, ``test``).
        """
        self.classes = tuple(classes)
        self.counts = {part: rows for part, rows in counts.items() if len(rows) == len(self.classes)}
        self._totals = [sum(rows[number] for rows in self.counts.values()) for number in range(len(self.classes))]
        self.selected = None
        self.updateGeometry()
        self.update()

    def select(self, number: int | None) -> None:
        """Mark the class that is shown alone."""
        self.selected = number
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of the key and of all rows."""
        return QSize(200, KEY + ROW * len(self.classes) if self.classes else 0)

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(120, self.sizeHint().height())

    def class_at(self, y: float) -> int | None:
        """Return the class whose row is at a height."""
        number = int(y - KEY) // ROW
        return number if y >= KEY and number < len(self.classes) else None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows that are in view."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.SMALL))
        metrics = QFontMetrics(painter.font())
        if event.rect().top() < KEY and self.classes:
            self._paint_key(painter, metrics)
        first = max(0, (event.rect().top() - KEY) // ROW)
        last = min(len(self.classes), (event.rect().bottom() - KEY) // ROW + 1)
        numbers = metrics.horizontalAdvance(f"{max(self._totals, default=0):,}") + 2 * PAD
        names = max((metrics.horizontalAdvance(name) for name in self.classes[first:last]), default=0)
        for number in range(first, last):
            self._paint_row(painter, metrics, number, min(names + 1, int(0.4 * self.width())), numbers)

    def _paint_key(self, painter: QPainter, metrics: QFontMetrics) -> None:
        x = float(PAD)
        for part in self.counts:
            opacity, words = PARTS[part]
            painter.fillRect(QRectF(x, KEY / 2 - BAR / 2, BAR, BAR), theme.color("accent", opacity))
            painter.setPen(theme.color("muted"))
            text = QRectF(x + BAR + PAD, 0, self.width(), KEY)
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, words)
            x += BAR + PAD + metrics.horizontalAdvance(words) + 3 * PAD

    def _paint_row(self, painter: QPainter, metrics: QFontMetrics, number: int, names: int, numbers: int) -> None:
        line = QRectF(0, KEY + number * ROW, self.width(), ROW)
        if number == self.selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("tint"))
            painter.drawRoundedRect(line, 4, 4)
        painter.setPen(theme.color("text"))
        name = metrics.elidedText(self.classes[number], Qt.TextElideMode.ElideRight, names)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line.adjusted(PAD, 0, -PAD, 0), middle, name)
        painter.setPen(theme.color("muted"))
        total = f"{self._totals[number]:,}"
        painter.drawText(line.adjusted(PAD, 0, -PAD, 0), middle | Qt.AlignmentFlag.AlignRight, total)
        left, space = float(names + 2 * PAD), self.width() - names - numbers - 4 * PAD
        scale = max(space, 0) / max(*self._totals, 1)
        for part, counts in self.counts.items():
            bar = QRectF(left, line.center().y() - BAR / 2, counts[number] * scale, BAR)
            painter.fillRect(bar, theme.color("accent", PARTS[part][0]))
            left += bar.width()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show the class under the pointer alone; a second click shows all again."""
        number = self.class_at(event.position().y())
        if number is not None:
            self._choose(None if number == self.selected else number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go through the classes with the arrow keys; Escape shows all."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is not None and self.classes:
            before = self.selected if self.selected is not None else -1 if step > 0 else len(self.classes)
            self._choose(min(max(before + step, 0), len(self.classes) - 1))
        elif event.key() == Qt.Key.Key_Escape and self.selected is not None:
            self._choose(None)
        else:
            super().keyPressEvent(event)

    def _choose(self, number: int | None) -> None:
        self.select(number)
        self.class_selected.emit(number)

    def event(self, event: QEvent) -> bool:
        """Show the full name of a class and its samples in each part as a tooltip."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self.class_at(event.pos().y())
            text = ""
            if number is not None:
                parts = ", ".join(f"{counts[number]:,} {PARTS[part][1]}" for part, counts in self.counts.items())
                text = f"{self.classes[number]}: {parts}"
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)
