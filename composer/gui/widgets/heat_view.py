"""An image with a heat map over it, scaled by whole factors only, with a colour bar; a click asks a place."""

import math
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from composer.gui.look import colormaps, theme
from composer.gui.widgets import color_bar
from composer.gui.widgets.readout import Readout

MARGIN, BAR_GAP = 8, 16


class HeatView(QWidget):
    """Shows an image, a map over it or alone, and the marked place."""

    place_clicked = Signal(float, float)  # shares of height and width
    place_cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.image = QImage()
        self.values: Any = None
        self.over_image = True
        self.opacity = 0.6
        self.colors = colormaps.NAMES[0]
        self.mark: tuple[float, float, float, float] | None = None
        self.askable = False
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
            image: enlarged by a whole factor or not.
            size: its true size in pixels of the network's input.
        """
        small = image.size() != size and size.isValid()
        self.image = (
            image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.FastTransformation)
            if small
            else image
        )
        self.update()

    def set_map(self, values: Any, *, over_image: bool = True) -> None:
        """Show a map, a numpy array (h, w); None shows the image alone."""
        self.values, self.over_image = values, over_image
        self.readout.hide()
        self._colour()

    def set_colors(self, name: str) -> None:
        """Draw the map in another colour map."""
        self.colors = name
        self._colour()

    def set_opacity(self, opacity: float) -> None:
        """How much of the image the map covers, from 0 to 1."""
        self.opacity = opacity
        self.update()

    def set_mark(self, cell: tuple[float, float, float, float] | None, *, askable: bool) -> None:
        """Mark a place (top, left, height, width in shares), and say whether a click asks one."""
        self.mark, self.askable = cell, askable
        self.setCursor(Qt.CursorShape.CrossCursor if askable else Qt.CursorShape.ArrowCursor)
        self.update()

    def picture(self, side: int = 512) -> QImage:
        """What is shown, as a picture of its own, its longer side about `side` pixels."""
        inside = self._natural()
        factor = max(1, round(side / max(inside.width(), inside.height(), 1)))
        size = QSize(
            inside.width() * factor + BAR_GAP + color_bar.ROOM + 2 * MARGIN, inside.height() * factor + 2 * MARGIN
        )
        made = QImage(size, QImage.Format.Format_RGB32)
        made.fill(theme.color("panel"))
        painter = QPainter(made)
        self._paint(painter, QRectF(made.rect()))
        painter.end()
        return made

    def image_rect(self) -> QRectF:
        """Where the image lies in the widget."""
        return self._place(QRectF(self.rect()))

    # --- inside -----------------------------------------------------------------------------------------------------

    def _colour(self) -> None:
        import numpy as np

        self._heat = QImage()
        if self.values is not None and self.values.size:
            empty = ~np.isfinite(self.values)
            known = self.values[~empty]
            low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
            self._range = (low, high)
            shares = (np.where(empty, low, self.values) - low) / max(high - low, 1e-12)
            cells = np.full((*self.values.shape, 4), 255, dtype=np.uint8)
            cells[..., :3] = colormaps.colours(self.colors, shares)
            cells[empty] = 0
            height, width = self.values.shape
            self._heat = QImage(cells.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
        self.update()

    def _natural(self) -> QSize:
        if not self.over_image and self.values is not None:
            return QSize(self.values.shape[1], self.values.shape[0])
        return self.image.size()

    def _place(self, area: QRectF) -> QRectF:
        """The largest place for the picture that is a whole multiple, or a whole part, of its size."""
        room = area.adjusted(MARGIN, MARGIN, -MARGIN - BAR_GAP - color_bar.ROOM, -MARGIN)
        natural = QSizeF(self._natural())
        if natural.isEmpty() or room.width() < 1 or room.height() < 1:
            return QRectF()
        fits = min(room.width() / natural.width(), room.height() / natural.height())
        if not self.over_image and fits < 1:  # a long table is no picture: it is shown whole
            size = QSizeF(max(1.0, min(room.width(), natural.width())), max(1.0, min(room.height(), natural.height())))
        else:
            size = natural * (float(int(fits)) if fits >= 1 else 1 / math.ceil(1 / fits))
        left = area.left() + (area.width() - size.width() - BAR_GAP - color_bar.ROOM) / 2
        return QRectF(
            QPointF(round(max(area.left() + MARGIN, left)), round(area.top() + (area.height() - size.height()) / 2)),
            size,
        )

    def _paint(self, painter: QPainter, area: QRectF) -> None:
        place = self._place(area)
        if place.isEmpty():
            return
        if self.over_image and not self.image.isNull():
            painter.drawImage(place, self.image)
        if self._heat.isNull():
            return
        painter.setOpacity(self.opacity if self.over_image else 1.0)
        painter.drawImage(place, self._heat)
        painter.setOpacity(1.0)
        if self.mark is not None and self.over_image:
            top, left, height, width = self.mark
            wide, high = place.width(), place.height()
            cell = QRectF(place.left() + left * wide, place.top() + top * high, width * wide, height * high)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for ink, thickness in ((Qt.GlobalColor.black, 4), (Qt.GlobalColor.white, 2)):
                painter.setPen(QPen(ink, thickness))
                painter.drawRect(cell)
        bar = QRectF(place.right() + BAR_GAP, place.top(), color_bar.ROOM, place.height())
        if bar.height() < 48:
            bar.setHeight(48)
            bar.moveCenter(QPointF(bar.center().x(), place.center().y()))
        color_bar.paint_color_bar(painter, bar, self.colors, *self._range)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw image, map, mark and colour bar."""
        self._paint(QPainter(self), QRectF(self.rect()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask the place under the pointer; the right button asks none."""
        place = self.image_rect()
        if event.button() == Qt.MouseButton.RightButton:
            self.place_cleared.emit()
        elif self.askable and place.contains(event.position()):
            self._ask(event.position(), place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say the value under the pointer; ask while the button is held."""
        place, at = self.image_rect(), event.position()
        if not place.contains(at) or self.values is None or self._heat.isNull():
            self.readout.hide()
            return
        if self.askable and event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(at, place)
        rows, columns = self.values.shape
        row = min(int((at.y() - place.top()) / place.height() * rows), rows - 1)
        column = min(int((at.x() - place.left()) / place.width() * columns), columns - 1)
        value = color_bar.number(float(self.values[row, column]))
        self.readout.show_at(QPoint(int(at.x()), int(at.y())), f"{value}  in row {row + 1}, column {column + 1}", [])

    def leaveEvent(self, event: Any) -> None:
        """Put the readout away."""
        self.readout.hide()
        super().leaveEvent(event)

    def _ask(self, at: QPointF, place: QRectF) -> None:
        self.place_clicked.emit((at.y() - place.top()) / place.height(), (at.x() - place.left()) / place.width())
