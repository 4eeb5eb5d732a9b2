"""An image with a heat map over it, scaled by integer factors, with a colour bar; a click selects a position."""

import math
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from composer.core import colormaps
from composer.gui.look import theme
from composer.gui.widgets import color_bar
from composer.gui.widgets.heat_image import heat_image
from composer.gui.widgets.readout import Readout

MARGIN, BAR_GAP = 8, 16


class HeatView(QWidget):
    """Shows an image, a map over it or alone, and the marked position.

    Attributes:
        image: the image; null while there is none.
        values: the map, a numpy array (h, w), or None.
        mark: top, left, height and width of the marked position in shares of the image, or None.
        selectable: whether a click selects a position.

    Signals:
        position_clicked: a position, as shares of height and width.
        position_cleared: the right button was pressed.
    """

    position_clicked = Signal(float, float)
    position_cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.values: Any = None
        self.over_image = True
        self.opacity = 0.6
        self.colors = colormaps.NAMES[0]
        self.mark: tuple[float, float, float, float] | None = None
        self.selectable = False
        self._heat = QImage()
        self._range = (0.0, 1.0)
        self.readout = Readout(self)
        self.setMouseTracking(True)
        self.setMinimumSize(QSize(120, 96))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def set_image(self, image: QImage, size: QSize) -> None:
        """Show an image.

        Args:
            image: the image, possibly enlarged by an integer factor.
            size: its size as the network's input, in pixels.
        """
        enlarged = image.size() != size and size.isValid()
        self.image = (
            image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.FastTransformation)
            if enlarged
            else image
        )
        self.update()

    def set_map(self, values: Any, *, over_image: bool = True) -> None:
        """Show a map, a numpy array (h, w); None shows the image alone."""
        self.values, self.over_image = values, over_image
        self.readout.hide()
        self._colorize()

    def set_colors(self, name: str) -> None:
        """Draw the map with another colour map."""
        self.colors = name
        self._colorize()

    def set_opacity(self, opacity: float) -> None:
        """Set how opaque the map is over the image, from 0 to 1."""
        self.opacity = opacity
        self.update()

    def set_mark(self, cell: tuple[float, float, float, float] | None, *, selectable: bool) -> None:
        """Mark a position (top, left, height, width in shares), and set whether a click selects one."""
        self.mark, self.selectable = cell, selectable
        self.setCursor(Qt.CursorShape.CrossCursor if selectable else Qt.CursorShape.ArrowCursor)
        self.update()

    def to_image(self, side: int = 512) -> QImage:
        """Draw the view to an image whose longer side is about `side` pixels."""
        inside = self._natural_size()
        factor = max(1, round(side / max(inside.width(), inside.height(), 1)))
        size = QSize(
            inside.width() * factor + BAR_GAP + color_bar.TOTAL_WIDTH + 2 * MARGIN,
            inside.height() * factor + 2 * MARGIN,
        )
        image = QImage(size, QImage.Format.Format_RGB32)
        image.fill(theme.color("panel"))
        painter = QPainter(image)
        self._paint(painter, QRectF(image.rect()))
        painter.end()
        return image

    def image_rect(self) -> QRectF:
        """Return the rectangle of the image in the widget."""
        return self._fit(QRectF(self.rect()))

    # --- inside -----------------------------------------------------------------------------------------------------

    def _colorize(self) -> None:
        self._heat = QImage()
        if self.values is not None and self.values.size:
            self._heat, self._range = heat_image(self.values, self.colors)
        self.update()

    def _natural_size(self) -> QSize:
        if not self.over_image and self.values is not None:
            return QSize(self.values.shape[1], self.values.shape[0])
        return self.image.size()

    def _fit(self, area: QRectF) -> QRectF:
        """Return the largest rectangle whose size is an integer multiple, or an integer fraction, of the image."""
        space = area.adjusted(MARGIN, MARGIN, -MARGIN - BAR_GAP - color_bar.TOTAL_WIDTH, -MARGIN)
        natural = QSizeF(self._natural_size())
        if natural.isEmpty() or space.width() < 1 or space.height() < 1:
            return QRectF()
        fits = min(space.width() / natural.width(), space.height() / natural.height())
        if not self.over_image and fits < 1:  # a long table is squeezed so that all of it is visible
            size = QSizeF(
                max(1.0, min(space.width(), natural.width())), max(1.0, min(space.height(), natural.height()))
            )
        else:
            size = natural * (float(int(fits)) if fits >= 1 else 1 / math.ceil(1 / fits))
        left = area.left() + (area.width() - size.width() - BAR_GAP - color_bar.TOTAL_WIDTH) / 2
        return QRectF(
            QPointF(round(max(area.left() + MARGIN, left)), round(area.top() + (area.height() - size.height()) / 2)),
            size,
        )

    def _paint(self, painter: QPainter, area: QRectF) -> None:
        target = self._fit(area)
        if target.isEmpty():
            return
        if self.over_image and not self.image.isNull():
            painter.drawImage(target, self.image)
        if self._heat.isNull():
            return
        painter.setOpacity(self.opacity if self.over_image else 1.0)
        painter.drawImage(target, self._heat)
        painter.setOpacity(1.0)
        if self.mark is not None and self.over_image:
            top, left, height, width = self.mark
            wide, high = target.width(), target.height()
            cell = QRectF(target.left() + left * wide, target.top() + top * high, width * wide, height * high)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for ink, thickness in ((Qt.GlobalColor.black, 4), (Qt.GlobalColor.white, 2)):
                painter.setPen(QPen(ink, thickness))
                painter.drawRect(cell)
        bar = QRectF(target.right() + BAR_GAP, target.top(), color_bar.TOTAL_WIDTH, target.height())
        if bar.height() < 48:
            bar.setHeight(48)
            bar.moveCenter(QPointF(bar.center().x(), target.center().y()))
        color_bar.paint_color_bar(painter, bar, self.colors, *self._range)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw image, map, mark and colour bar."""
        self._paint(QPainter(self), QRectF(self.rect()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the position under the pointer; the right button clears the selection."""
        target = self.image_rect()
        if event.button() == Qt.MouseButton.RightButton:
            self.position_cleared.emit()
        elif self.selectable and target.contains(event.position()):
            self._select(event.position(), target)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the value under the pointer; select positions while the button is held."""
        target, at = self.image_rect(), event.position()
        if not target.contains(at) or self.values is None or self._heat.isNull():
            self.readout.hide()
            return
        if self.selectable and event.buttons() & Qt.MouseButton.LeftButton:
            self._select(at, target)
        rows, columns = self.values.shape
        row = min(int((at.y() - target.top()) / target.height() * rows), rows - 1)
        column = min(int((at.x() - target.left()) / target.width() * columns), columns - 1)
        value = color_bar.format_value(float(self.values[row, column]))
        self.readout.show_at(QPoint(int(at.x()), int(at.y())), f"{value}  in row {row + 1}, column {column + 1}", [])

    def leaveEvent(self, event: Any) -> None:
        """Hide the readout."""
        self.readout.hide()
        super().leaveEvent(event)

    def _select(self, at: QPointF, target: QRectF) -> None:
        self.position_clicked.emit((at.y() - target.top()) / target.height(), (at.x() - target.left()) / target.width())
