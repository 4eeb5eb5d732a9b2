"""The box that follows the cursor over a plot and shows the values under it."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from composer.gui.look import theme

# Pixels: height of a row, padding, length of the line sample, gaps, distance to the cursor.
ROW, PAD, MARK, GAP = 16, 8, 16, 8
CURSOR_DISTANCE = 12


@dataclass(frozen=True, slots=True)
class Reading:
    """One row: the line's colour and dash, its name and its value."""

    name: str
    value: str
    color: QColor
    dashed: bool = False


def line_pen(color: QColor, *, dashed: bool, width: float = 2.0) -> QPen:
    """Return the pen of a curve; validation is dashed, with dashes that are visible at a width of two pixels."""
    pen = QPen(color, width)
    pen.setCosmetic(True)
    if dashed:
        pen.setDashPattern([3.0, 2.5])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


class Readout(QWidget):
    """Shows a heading and a few readings; it ignores the mouse.

    Args:
        parent: the plot below it.

    Attributes:
        heading: first line.
        rows: the readings.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._plot = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.heading = ""
        self.rows: list[Reading] = []
        self.hide()

    def show_at(self, point: QPoint, heading: str, rows: list[Reading]) -> None:
        """Show values beside a point of the parent, on the side with enough space."""
        self.heading, self.rows = heading, rows
        size, area = self.sizeHint(), self._plot.rect()
        x = (
            point.x() + CURSOR_DISTANCE
            if point.x() + CURSOR_DISTANCE + size.width() <= area.right()
            else point.x() - CURSOR_DISTANCE - size.width()
        )
        y = min(max(point.y() - size.height() // 2, 0), max(0, area.bottom() - size.height()))
        self.setGeometry(max(0, x), y, size.width(), size.height())
        self.show()
        self.raise_()
        self.update()

    def text(self) -> str:
        """Return everything it shows, for tests and screen readers."""
        return "\n".join([self.heading, *(f"{row.name} {row.value}" for row in self.rows)])

    def sizeHint(self) -> QSize:
        """Return the size of its text."""
        metrics = QFontMetrics(theme.font(theme.SMALL))
        widths = [
            MARK + GAP + metrics.horizontalAdvance(row.name) + 2 * GAP + metrics.horizontalAdvance(row.value)
            for row in self.rows
        ]
        width = max([metrics.horizontalAdvance(self.heading), *widths])
        return QSize(min(width + 2 * PAD, self._plot.width()), (1 + len(self.rows)) * ROW + 2 * PAD - 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a raised card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("strong_border"), 1))
        painter.setBrush(theme.color("card"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(theme.font(theme.SMALL))
        metrics = QFontMetrics(theme.font(theme.SMALL))
        painter.setPen(theme.color("muted"))
        inside = QRectF(PAD, PAD - 2, self.width() - 2 * PAD, ROW)
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter, self.heading)
        for row in self.rows:
            inside.translate(0, ROW)
            painter.setPen(line_pen(row.color, dashed=row.dashed))
            y = inside.center().y()
            painter.drawLine(QPointF(PAD, y), QPointF(PAD + MARK, y))
            painter.setPen(theme.color("text"))
            space = int(inside.width()) - MARK - 3 * GAP - metrics.horizontalAdvance(row.value)
            name = metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, max(space, 0) + GAP)
            painter.drawText(inside.adjusted(MARK + GAP, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, name)
            painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, row.value)
