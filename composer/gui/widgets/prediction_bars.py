"""The most likely classes with their probabilities, as bars."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from composer.core import units
from composer.gui.look import theme

ROW, NUMBER = 20, 52


class PredictionBars(QWidget):
    """One row per class: name, bar and percentage; the true class is marked.

    Attributes:
        rows: name and probability of each class, most likely first.
        truth: the true class, or None if it is unknown.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, float]] = []
        self.truth: str | None = None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_rows(self, rows: Sequence[tuple[str, float]], truth: str | None) -> None:
        """Show other classes.

        Args:
            rows: name and probability of each class, most likely first.
            truth: the true class, or None if it is unknown.
        """
        self.rows, self.truth = list(rows), truth
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of all rows."""
        return QSize(160, ROW * len(self.rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.SMALL))
        metrics = QFontMetrics(theme.font(theme.SMALL))
        names = min(max((metrics.horizontalAdvance(name) for name, _ in self.rows), default=0) + 20, self.width() // 2)
        for index, (name, share) in enumerate(self.rows):
            line = QRectF(0, index * ROW, self.width(), ROW)
            is_truth = name == self.truth
            painter.setPen(theme.color("text" if is_truth else "muted"))
            elided = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names - 16)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, elided)
            if is_truth:
                theme.icon("check", "success").paint(painter, QRectF(names - 16, line.top() + 4, 12, 12).toRect())
            bar = QRectF(names, line.center().y() - 3, max(0, line.width() - names - NUMBER), 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("border"))
            painter.drawRoundedRect(bar, 3, 3)
            bar.setWidth(bar.width() * share)
            painter.setBrush(theme.color("accent"))
            painter.drawRoundedRect(bar, 3, 3)
            painter.setPen(theme.color("text"))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, units.percent(share))
