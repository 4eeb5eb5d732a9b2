"""A gallery of any number of thumbnails, of which only the visible ones are fetched and drawn."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip

from composer.gui.look import theme

THUMBNAIL, LABEL, GAP = 72, 16, 8
PAGE = 48  # samples that are fetched together
MAX_CACHED = 1500  # samples whose thumbnails are kept
# A page is fetched when the scroll bar has rested this long, so that a quick drag through 70,000 images fetches few.
REST_MS = 40


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One sample.

    Args:
        index: its number in the part of the dataset.
        name: its file, or its number in words.
        label: the name of its class; empty if it has none.
        image: the thumbnail.
    """

    index: int
    name: str
    label: str
    image: QPixmap


class Gallery(QAbstractScrollArea):
    """Thumbnails with labels, in rows.

    Args:
        fetch: requests the samples from an offset on; they arrive through `show_page`.
        lines: lines of text under each thumbnail; a label has as many, separated by line breaks.

    Attributes:
        count: number of samples.
        current: position of the selected one; -1 for none.

    Signals:
        selected: the `Thumbnail` that the user has selected.
        activated: the `Thumbnail` that was double-clicked, or selected when Return was pressed.
    """

    selected = Signal(object)
    activated = Signal(object)

    def __init__(self, fetch: Callable[[int, int], object], lines: int = 1) -> None:
        super().__init__()
        self._fetch = fetch
        self._text = LABEL * lines
        self.count = 0
        self.current = -1
        self._cache: OrderedDict[int, Thumbnail] = OrderedDict()
        self._requested: set[int] = set()  # pages that are on their way
        self._awaited = False  # whether the selected sample is on its way
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._fetch_visible)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Images of the dataset")
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._on_moved())

    def reset(self, count: int) -> None:
        """Show another list of samples, from its start."""
        self.count, self.current = count, -1
        self._cache.clear()
        self._requested.clear()
        self.verticalScrollBar().setValue(0)
        self._update_range()
        self._on_moved()

    def show_page(self, offset: int, thumbnails: list[Thumbnail]) -> None:
        """Take samples that were fetched."""
        self._requested.discard(offset // PAGE)
        for number, thumbnail in enumerate(thumbnails):
            self._cache[offset + number] = thumbnail
        while len(self._cache) > MAX_CACHED:
            self._cache.popitem(last=False)
        self.viewport().update()
        if self._awaited and self.current in self._cache:
            self.select(self.current)

    def drop_requests(self) -> None:
        """Forget which pages were requested: they will not arrive."""
        self._requested.clear()

    def thumbnail(self, position: int) -> Thumbnail | None:
        """Return a sample by its position; None if it has not been fetched."""
        return self._cache.get(position)

    def select(self, position: int) -> None:
        """Select a sample and bring it into view."""
        if not 0 <= position < self.count:
            return
        self.current = position
        rect, bar = self.cell(position), self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top() - GAP)
        elif rect.bottom() > self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() - self.viewport().height() + GAP)
        self.viewport().update()
        thumbnail = self._cache.get(position)
        self._awaited = thumbnail is None
        if thumbnail is not None:
            self.selected.emit(thumbnail)

    # --- geometry ---------------------------------------------------------------------------------------------------

    @property
    def columns(self) -> int:
        """Number of thumbnails side by side."""
        return max(1, (self.viewport().width() - GAP) // (THUMBNAIL + GAP))

    def cell(self, position: int) -> QRect:
        """Return the rectangle of a sample in the viewport."""
        line, column = divmod(position, self.columns)
        y = GAP + line * (THUMBNAIL + self._text + GAP) - self.verticalScrollBar().value()
        return QRect(GAP + column * (THUMBNAIL + GAP), y, THUMBNAIL, THUMBNAIL + self._text)

    def position_at(self, point: QPoint) -> int:
        """Return the position of the sample at a point of the viewport; -1 for none."""
        line = (point.y() + self.verticalScrollBar().value() - GAP) // (THUMBNAIL + self._text + GAP)
        column = (point.x() - GAP) // (THUMBNAIL + GAP)
        position = line * self.columns + column
        inside = 0 <= column < self.columns and 0 <= position < self.count
        return position if inside and self.cell(position).contains(point) else -1

    def visible_positions(self) -> range:
        """Return the positions of the samples that are in view."""
        height, top = THUMBNAIL + self._text + GAP, self.verticalScrollBar().value()
        first = max(0, (top - GAP) // height) * self.columns
        last = ((top + self.viewport().height()) // height + 1) * self.columns
        return range(first, min(last, self.count))

    def sizeHint(self) -> QSize:
        """Return a size that fits a low dock."""
        return QSize(4 * (THUMBNAIL + GAP), THUMBNAIL + self._text + 2 * GAP)

    def minimumSizeHint(self) -> QSize:
        """Return the size of one thumbnail."""
        return QSize(THUMBNAIL + 2 * GAP, THUMBNAIL + self._text)

    def _update_range(self) -> None:
        lines = -(-self.count // self.columns)
        height = GAP + lines * (THUMBNAIL + self._text + GAP)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, height - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep((THUMBNAIL + self._text + GAP) // 2)

    def _on_moved(self) -> None:
        self.viewport().update()
        if self.isVisible():
            self._rest.start()

    def _fetch_visible(self) -> None:
        positions = self.visible_positions()
        pages = {position // PAGE for position in positions if position not in self._cache}
        for page in sorted(pages - self._requested):
            self._requested.add(page)
            self._fetch(page * PAGE, min(PAGE, self.count - page * PAGE))

    # --- events -----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the thumbnails for the new width."""
        super().resizeEvent(event)
        self._update_range()
        self._on_moved()

    def showEvent(self, event: QShowEvent) -> None:
        """Fetch what is in view."""
        super().showEvent(event)
        self._on_moved()

    def hideEvent(self, event: QHideEvent) -> None:
        """Fetch nothing while nobody looks."""
        super().hideEvent(event)
        self._rest.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the visible thumbnails."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(theme.font(theme.SMALL))
        metrics = QFontMetrics(painter.font())
        for position in self.visible_positions():
            self._paint_cell(painter, metrics, position)

    def _paint_cell(self, painter: QPainter, metrics: QFontMetrics, position: int) -> None:
        cell = self.cell(position)
        square = QRect(cell.topLeft(), QSize(THUMBNAIL, THUMBNAIL))
        thumbnail = self._cache.get(position)
        if thumbnail is None:
            painter.fillRect(square, theme.color("hover"))
            return
        self._cache.move_to_end(position)
        paint_fitted(painter, square, thumbnail.image)
        if position == self.current:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(square.adjusted(-2, -2, 2, 2))
        painter.setPen(theme.color("text" if position == self.current else "muted"))
        for number, line in enumerate((thumbnail.label or thumbnail.name).splitlines()):
            text = metrics.elidedText(line, Qt.TextElideMode.ElideRight, THUMBNAIL)
            label = QRect(cell.left(), square.bottom() + 3 + number * LABEL, THUMBNAIL, LABEL)
            painter.drawText(label, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select the sample under the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.select(self.position_at(event.position().toPoint()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Activate the sample under the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._activate(self.position_at(event.position().toPoint()))

    def _activate(self, position: int) -> None:
        if (thumbnail := self._cache.get(position)) is not None:
            self.activated.emit(thumbnail)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the selection with the arrow, page, Home and End keys; Return activates it."""
        lines = max(1, self.viewport().height() // (THUMBNAIL + self._text + GAP))
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.columns,
            Qt.Key.Key_Down: self.columns,
            Qt.Key.Key_PageUp: -lines * self.columns,
            Qt.Key.Key_PageDown: lines * self.columns,
            Qt.Key.Key_Home: -self.count,
            Qt.Key.Key_End: self.count,
        }
        step = steps.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activate(self.current)
        elif step is None or not self.count:
            super().keyPressEvent(event)
        else:
            self.select(min(max(self.current + step, 0), self.count - 1))

    def viewportEvent(self, event: QHelpEvent) -> bool:  # type: ignore[override]
        """Show file and class of the sample under the pointer."""
        if event.type() == QHelpEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            thumbnail = self._cache.get(self.position_at(event.pos()))
            text = f"{thumbnail.name}\n{thumbnail.label}".strip() if thumbnail is not None else ""
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)


def paint_fitted(painter: QPainter, area: QRect, image: QPixmap) -> QRect:
    """Draw an image as large as an area allows; pixels of small images stay square and sharp.

    Returns:
        Where it was drawn.
    """
    if image.isNull():
        painter.fillRect(area, theme.color("hover"))
        return area
    size = image.size().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
    small = size.width() > image.width()
    if small:
        factor = max(1, min(area.width() // image.width(), area.height() // image.height()))
        size = image.size() * factor
    target = QRect(QPoint(0, 0), size)
    target.moveCenter(area.center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not small)
    painter.drawPixmap(target, image)
    return target
