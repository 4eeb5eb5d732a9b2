"""Draws a confusion matrix: cells, numbers, the names of the classes, and what is selected."""

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen

from composer.core import units
from composer.core.confusion import Confusion
from composer.gui.look import theme
from composer.gui.widgets.matrix_image import MatrixImage
from composer.gui.widgets.matrix_layout import AXIS, MARGIN, NAMED, NUMBERED, Cell, MatrixLayout

# The mark of a cell that is smaller than this is drawn around it.
LEAST_MARK = 7.0


class MatrixPainter:
    """Draws one frame.

    Args:
        painter: paints on the viewport.
        confusion: the numbers.
        image: the colours.
        layout: where the cells are.
        selected: the selected cell.
        focused: whether keys go to the matrix.
    """

    def __init__(
        self,
        painter: QPainter,
        confusion: Confusion,
        image: MatrixImage,
        layout: MatrixLayout,
        selected: Cell,
        *,
        focused: bool,
    ) -> None:
        self.painter, self.confusion, self.image, self.layout = painter, confusion, image, layout
        self.selected, self.focused = selected, focused

    def paint(self, hovered: Cell | None, *, by_class: bool) -> None:
        """Draw everything.

        Args:
            hovered: the cell under the pointer.
            by_class: whether cells show their share of the samples of the true class, or the number of samples.
        """
        painter, layout = self.painter, self.layout
        painter.setFont(theme.font(theme.SMALL))
        painter.save()
        painter.setClipRect(QRect(layout.left - 2, layout.top - 2, layout.view.width(), layout.view.height()))
        self._paint_cells()
        if layout.cell >= NAMED:
            self._paint_lines()
        if layout.cell >= NUMBERED:
            self._paint_numbers(by_class=by_class)
        self._paint_mark(hovered, QPen(theme.color("muted"), 1))
        self._paint_mark(self.selected, QPen(theme.color("text"), 2))
        painter.restore()
        if layout.named:
            self._paint_row_names()
            self._paint_column_names()
        self._paint_axes()

    def _paint_cells(self) -> None:
        layout, origin = self.layout, self.layout.origin
        factor = max(1, math.ceil(1 / layout.cell))
        image = self.image.image(factor)
        side = layout.cell * factor * image.width()
        self.painter.drawImage(QRectF(origin.x(), origin.y(), side, side), image, QRectF(image.rect()))
        self.painter.setPen(QPen(theme.color("accent" if self.focused else "strong_border"), 1))
        self.painter.drawRect(QRectF(origin.x() - 1, origin.y() - 1, layout.extent + 1, layout.extent + 1))

    def _paint_lines(self) -> None:
        layout, rows, columns = self.layout, self.layout.rows, self.layout.columns
        if not rows or not columns:
            return
        first, last = layout.rect((rows[0], columns[0])), layout.rect((rows[-1], columns[-1]))
        self.painter.setPen(QPen(theme.color("border"), 1))
        for row in rows[1:]:
            y = layout.rect((row, 0)).top()
            self.painter.drawLine(QPointF(first.left(), y), QPointF(last.right(), y))
        for column in columns[1:]:
            x = layout.rect((0, column)).left()
            self.painter.drawLine(QPointF(x, first.top()), QPointF(x, last.bottom()))

    def _paint_numbers(self, *, by_class: bool) -> None:
        metrics = QFontMetrics(self.painter.font())
        for row in self.layout.rows:
            for column in self.layout.columns:
                count = self.confusion.cells.get((row, column), 0)
                if not count:
                    continue
                text = _share(count / self.confusion.support[row]) if by_class else units.count(count)
                if metrics.horizontalAdvance(text) <= self.layout.cell - 2:
                    self.painter.setPen(self.image.ink(row, column))
                    self.painter.drawText(self.layout.rect((row, column)), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_mark(self, cell: Cell | None, pen: QPen) -> None:
        if cell is None or cell == (None, None):
            return
        grown = max(0.0, LEAST_MARK - self.layout.cell) / 2
        self.painter.setPen(pen)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawRect(self.layout.rect(cell).adjusted(-grown, -grown, grown, grown))

    def _paint_row_names(self) -> None:
        layout, metrics = self.layout, QFontMetrics(self.painter.font())
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for row in layout.rows:
            rect = QRectF(AXIS, layout.rect((row, 0)).top(), layout.left - AXIS - MARGIN, layout.cell)
            if rect.center().y() >= layout.top:
                self._set_ink(marked=row == self.selected[0])
                name = self.confusion.classes[row]
                self.painter.drawText(
                    rect, right, metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(rect.width()))
                )

    def _paint_column_names(self) -> None:
        layout, painter, metrics = self.layout, self.painter, QFontMetrics(self.painter.font())
        for column in layout.columns:
            rect = layout.rect((0, column))
            if rect.center().x() < layout.left:
                continue
            self._set_ink(marked=column == self.selected[1])
            name = self.confusion.classes[column]
            if layout.flat:
                line = QRectF(rect.left(), AXIS, layout.cell, layout.top - AXIS)
                painter.drawText(line, Qt.AlignmentFlag.AlignCenter, name)
                continue
            painter.save()
            painter.translate(rect.center().x(), layout.top - MARGIN)
            painter.rotate(-90)
            space = layout.top - AXIS - MARGIN
            name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, space)
            painter.drawText(QRectF(0, -layout.cell / 2, space, layout.cell), Qt.AlignmentFlag.AlignVCenter, name)
            painter.restore()

    def _set_ink(self, *, marked: bool) -> None:
        self.painter.setPen(theme.color("text" if marked else "muted"))

    def _paint_axes(self) -> None:
        painter, layout = self.painter, self.layout
        painter.setFont(theme.font(theme.SMALL, bold=True))
        painter.setPen(theme.color("muted"))
        metrics = QFontMetrics(painter.font())
        width = max(min(layout.extent, layout.view.width() - layout.left), metrics.horizontalAdvance("predicted") + 4.0)
        painter.drawText(QRectF(layout.left, 0, width, AXIS), Qt.AlignmentFlag.AlignCenter, "predicted")
        height = max(min(layout.extent, layout.view.height() - layout.top), metrics.horizontalAdvance("true") + 4.0)
        painter.save()
        painter.translate(0, layout.top + height)
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, height, AXIS), Qt.AlignmentFlag.AlignCenter, "true")
        painter.restore()


def _share(share: float) -> str:
    """Write a share in percent with at most three characters.

    >>> _share(0.996), _share(0.5), _share(0.004)
    ('100', '50', '<1')
    """
    return "100" if share >= 0.995 else f"{100 * share:.0f}" if share >= 0.01 else "<1"
