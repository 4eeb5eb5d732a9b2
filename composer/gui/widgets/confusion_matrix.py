"""The confusion matrix as a widget: readable from 2 to 1,000 classes, with the mouse and with the keyboard."""

import math

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip

from composer.core import units
from composer.core.confusion import Confusion
from composer.gui.look import theme
from composer.gui.widgets.matrix_image import MatrixImage
from composer.gui.widgets.matrix_layout import LARGEST, MARGIN, Cell, MatrixLayout, fitting_cell
from composer.gui.widgets.matrix_painter import MatrixPainter

STEP = 1.25
MAX_NAMES = 96
JUMP = 10


class ConfusionMatrix(QAbstractScrollArea):
    """A row for each true class, a column for each predicted one.

    Attributes:
        confusion: what is shown; None for nothing.
        by_class: whether cells show their share of the samples of the true class instead of numbers of samples.
        selected: true and predicted class of the selected cell; None for all classes.
        cell: side of a cell in pixels.

    Signals:
        cell_selected: the user has selected another cell, a row (no predicted class) or a column (no true class).
        cell_hovered: the cell under the pointer, or the selected one.
    """

    cell_selected = Signal()
    cell_hovered = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.confusion: Confusion | None = None
        self.by_class = True
        self.selected: Cell = (None, None)
        self.cell = 1.0
        self._zoom: float | None = None  # None: as large as fits
        self._image: MatrixImage | None = None
        self._hovered: Cell | None = None
        self._names, self._line = 0, 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Confusion matrix")
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)

    def show_confusion(self, confusion: Confusion | None) -> None:
        """Show another matrix; the selection stays where the classes are the same."""
        same = confusion is not None and self.confusion is not None and confusion.classes == self.confusion.classes
        self.confusion = confusion
        if not same:
            self.selected, self._zoom = (None, None), None
            self._measure()
        self.redraw()

    def set_by_class(self, by_class: bool) -> None:
        """Show shares of the true class, or numbers of samples."""
        self.by_class = by_class
        self.redraw()

    def redraw(self) -> None:
        """Draw the cells again: the numbers, their meaning or the theme have changed."""
        self._image = MatrixImage(self.confusion, by_class=self.by_class) if self.confusion is not None else None
        self._arrange()

    def select(self, label: int | None, predicted: int | None) -> None:
        """Mark a cell, a row or a column, and bring it into view; no signal is sent."""
        self.selected = (label, predicted)
        if label is not None and predicted is not None:
            self._bring_into_view(self.selected)
        self.setAccessibleDescription(self.describe(self.selected))
        self.viewport().update()

    def describe(self, cell: Cell) -> str:
        """Return the numbers of a cell, a row or a column in words."""
        confusion, (label, predicted) = self.confusion, cell
        if confusion is None or (label is None and predicted is None):
            return ""
        names = confusion.classes
        if label is None:
            assert predicted is not None
            return f"predicted {names[predicted]}: {confusion.predicted[predicted]:,} samples"
        support = confusion.support[label]
        if predicted is None:
            return f"true {names[label]}: {support:,} samples"
        count = confusion.cells.get((label, predicted), 0)
        share = f" ({units.percent(count / support)})" if support else ""
        return f"{names[label]} as {names[predicted]}: {count:,} of {support:,}{share}"

    @property
    def _count(self) -> int:
        return len(self.confusion.classes) if self.confusion is not None else 0

    def _measure(self) -> None:
        """Measure the names of the classes."""
        metrics = QFontMetrics(theme.font(theme.SMALL))
        classes = self.confusion.classes if self.confusion is not None else ()
        longest = max((metrics.horizontalAdvance(name) for name in classes), default=0)
        self._names, self._line = min(MAX_NAMES, longest + 2 * MARGIN), metrics.height() + MARGIN

    # --- size and position ------------------------------------------------------------------------------------------

    @property
    def layout_of_cells(self) -> MatrixLayout:
        """Where everything is at the moment."""
        scroll = QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        return MatrixLayout(self._count, self.viewport().size(), self._names, self._line, self.cell, scroll)

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge or reduce the cells around a point of the viewport, by default its centre."""
        if not self._count:
            return
        at = at if at is not None else QPointF(self.viewport().rect().center())
        offset = (at - self.layout_of_cells.origin) / self.cell
        size = self.cell * factor
        self._zoom = None if size <= self._fitting() * 1.01 else min(max(size, 1.0), LARGEST)
        self._arrange()
        layout = self.layout_of_cells
        self.horizontalScrollBar().setValue(round(offset.x() * self.cell - at.x() + layout.left))
        self.verticalScrollBar().setValue(round(offset.y() * self.cell - at.y() + layout.top))

    def fit(self) -> None:
        """Show the whole matrix."""
        self._zoom = None
        self._arrange()

    def sizeHint(self) -> QSize:
        """Return a square that fits a low dock."""
        return QSize(240, 200)

    def minimumSizeHint(self) -> QSize:
        """Return a size at which a few classes have numbers."""
        return QSize(140, 120)

    def _fitting(self) -> float:
        return fitting_cell(self._count, self.viewport().size(), self._names, self._line)

    def _arrange(self) -> None:
        self.cell = self._zoom if self._zoom is not None else self._fitting()
        layout, view = self.layout_of_cells, self.viewport().size()
        for bar, length, header in (
            (self.horizontalScrollBar(), view.width(), layout.left),
            (self.verticalScrollBar(), view.height(), layout.top),
        ):
            hidden = math.ceil(layout.extent + header + MARGIN - length)
            bar.setRange(0, max(0, hidden) if self._zoom is not None else 0)
            bar.setPageStep(max(1, length - header))
            bar.setSingleStep(max(1, round(self.cell)))
        self.viewport().update()

    def _bring_into_view(self, cell: Cell) -> None:
        layout = self.layout_of_cells
        rect = layout.rect(cell)
        for bar, low, high, header, length in (
            (self.horizontalScrollBar(), rect.left(), rect.right(), layout.left, self.viewport().width()),
            (self.verticalScrollBar(), rect.top(), rect.bottom(), layout.top, self.viewport().height()),
        ):
            if low < header:
                bar.setValue(bar.value() + math.floor(low - header))
            elif high > length:
                bar.setValue(bar.value() + math.ceil(high - length))

    # --- events -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the cells that are in view, their numbers and names."""
        if self.confusion is not None and self._image is not None and self._count:
            painter = QPainter(self.viewport())
            layout, focused = self.layout_of_cells, self.hasFocus()
            matrix = MatrixPainter(painter, self.confusion, self._image, layout, self.selected, focused=focused)
            matrix.paint(self._hovered, by_class=self.by_class)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that keys go to the matrix."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that keys go elsewhere."""
        super().focusOutEvent(event)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the matrix to the new size, unless the user has enlarged it."""
        super().resizeEvent(event)
        self._arrange()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the cell under the pointer, or a row or column by its name."""
        if event.button() == Qt.MouseButton.LeftButton:
            cell = self.layout_of_cells.cell_at(event.position())
            self._choose(cell if cell is not None and cell != self.selected else (None, None))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take the end of a click: it belongs to no widget behind this one."""
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Describe the cell under the pointer."""
        self._hover(self.layout_of_cells.cell_at(event.position()))

    def leaveEvent(self, event: object) -> None:
        """Describe the selected cell again."""
        self._hover(None)

    def _hover(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.viewport().setCursor(Qt.CursorShape.ArrowCursor if cell is None else Qt.CursorShape.PointingHandCursor)
            self.viewport().update()
            self.cell_hovered.emit(cell if cell is not None else self.selected)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl, scroll without."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(STEP if event.angleDelta().y() > 0 else 1 / STEP, event.position())
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the selection with the arrow, page, Home and End keys; + - 0 zoom; Escape selects everything."""
        if self.confusion is None or not self.confusion.classes:
            super().keyPressEvent(event)
            return
        key, last = Qt.Key(event.key()), len(self.confusion.classes) - 1
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_PageUp: (-JUMP, 0),
            Qt.Key.Key_PageDown: (JUMP, 0),
            Qt.Key.Key_Home: (0, -last),
            Qt.Key.Key_End: (0, last),
        }
        if key in moves:
            label, predicted = (number if number is not None else 0 for number in self.selected)
            if self.selected != (None, None):
                label, predicted = label + moves[key][0], predicted + moves[key][1]
            self._choose((min(max(label, 0), last), min(max(predicted, 0), last)))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(1 / STEP if key == Qt.Key.Key_Minus else STEP, self._selected_point())
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key == Qt.Key.Key_Escape and self.selected != (None, None):
            self._choose((None, None))
        else:
            super().keyPressEvent(event)

    def _selected_point(self) -> QPointF | None:
        label, predicted = self.selected
        return (
            self.layout_of_cells.rect(self.selected).center() if label is not None and predicted is not None else None
        )

    def _choose(self, cell: Cell) -> None:
        self.select(*cell)
        self.cell_hovered.emit(cell)
        self.cell_selected.emit()

    def viewportEvent(self, event: QHelpEvent) -> bool:  # type: ignore[override]
        """Show the numbers of the cell under the pointer as a tooltip."""
        if event.type() == QHelpEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self.layout_of_cells.cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.describe(cell) if cell is not None else "", self.viewport())
            return True
        return super().viewportEvent(event)
