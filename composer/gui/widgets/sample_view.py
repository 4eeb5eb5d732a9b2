"""One image of a dataset: the original with the part that is used, what the network sees, and augmented versions."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from composer.gui.look import theme
from composer.gui.widgets.gallery import paint_fitted

GAP, HEAD, DRAW, TEXT = 8, 18, 64, 16
LARGEST = 200  # pixels: side of the two large images


class SampleView(QWidget):
    """Draws the reply to a preview of one sample.

    Attributes:
        original: the stored image, perhaps scaled down; null before the first reply.
        size_in_file: its size in the file.
        crop: the part of it that the network sees, in shares of the original.
        seen: what the network sees.
        draws: augmented versions of that.
        labels: their classes, where they differ from that of the sample; otherwise empty.
    """

    def __init__(self) -> None:
        super().__init__()
        self.original, self.seen = QPixmap(), QPixmap()
        self.size_in_file = QSize()
        self.crop = QRectF()
        self.draws: list[QPixmap] = []
        self.labels: list[str] = []
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("What the network sees of the selected image")

    def show_reply(self, reply: Mapping[str, Any]) -> None:
        """Show a sample.

        Args:
            reply: the engine's reply to the request `data_preview`.
        """
        original = reply.get("original") or {}
        self.original = pixmap(original.get("png"))
        self.size_in_file = QSize(int(original.get("width", 0)), int(original.get("height", 0)))
        left, top, width, height = original.get("crop") or (0.0, 0.0, 1.0, 1.0)
        self.crop = QRectF(left, top, width, height)
        self.seen = pixmap((reply.get("seen") or {}).get("png"))
        draws = reply.get("draws") or ()
        self.draws = [pixmap(draw.get("png")) for draw in draws]
        labels = [str(draw.get("label") or "") for draw in draws]
        self.labels = labels if any(label != reply.get("label") for label in labels) else []
        self.updateGeometry()
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self.show_reply({})

    def heightForWidth(self, width: int) -> int:
        """Return the height of both images and of the rows of augmented ones."""
        side = self._side(width)
        lines = -(-len(self.draws) // self._columns(width))
        return HEAD + side + (GAP + HEAD + lines * self._line() if lines else 0)

    def sizeHint(self) -> QSize:
        """Return a size that fits beside the gallery."""
        return QSize(280, self.heightForWidth(280))

    def _side(self, width: int) -> int:
        return max(32, min(LARGEST, (width - GAP) // 2))

    def _line(self) -> int:
        """Return the height of a row of augmented versions."""
        return DRAW + GAP + (TEXT if self.labels else 0)

    def _columns(self, width: int) -> int:
        return max(1, (width + GAP) // (DRAW + GAP))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw everything."""
        if self.original.isNull() and self.seen.isNull():
            return
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SMALL))
        side, x = self._side(self.width()), 0
        if not self.original.isNull():
            size = self.size_in_file
            self._paint_head(painter, QRect(0, 0, side, HEAD), f"file  {size.width():,} × {size.height():,}")
            self._paint_original(painter, QRect(0, HEAD, side, side))
            x = side + GAP
        shape = f"{self.seen.width()} × {self.seen.height()}"
        self._paint_head(painter, QRect(x, 0, side, HEAD), f"input  {shape}")
        paint_fitted(painter, QRect(x, HEAD, side, side), self.seen)
        if self.draws:
            self._paint_draws(painter, HEAD + side + GAP)

    def _paint_draws(self, painter: QPainter, top: int) -> None:
        """Draw the augmented versions, each with its class if that is not the sample's."""
        self._paint_head(painter, QRect(0, top, self.width(), HEAD), "augmented, as in training")
        columns = self._columns(self.width())
        for number, draw in enumerate(self.draws):
            line, column = divmod(number, columns)
            cell = QRect(column * (DRAW + GAP), top + HEAD + line * self._line(), DRAW, DRAW)
            paint_fitted(painter, cell, draw)
            if self.labels:
                self._paint_head(painter, QRect(cell.left(), cell.bottom() + 2, DRAW, TEXT), self.labels[number])

    def _paint_head(self, painter: QPainter, area: QRect, text: str) -> None:
        painter.setPen(theme.color("muted"))
        elided = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignTop, elided)

    def _paint_original(self, painter: QPainter, area: QRect) -> None:
        """Draw the original, dimmed where the network does not look."""
        target = paint_fitted(painter, area, self.original)
        crop = QRectF(
            target.left() + self.crop.left() * target.width(),
            target.top() + self.crop.top() * target.height(),
            self.crop.width() * target.width(),
            self.crop.height() * target.height(),
        )
        if crop.toAlignedRect() == target or not crop.isValid():
            return
        shade = theme.color("panel", 0.55)
        inside = crop.intersected(QRectF(target)).toAlignedRect()
        for rest in _outside(target, inside):
            painter.fillRect(rest, shade)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for ink, width in ((Qt.GlobalColor.black, 3), (Qt.GlobalColor.white, 1)):
            painter.setPen(QPen(ink, width))
            painter.drawRect(inside.adjusted(0, 0, -1, -1))


def _outside(target: QRect, inside: QRect) -> Sequence[QRect]:
    """Return the rectangles of a rectangle that are outside another one in it."""
    return (
        QRect(target.topLeft(), QPoint(target.right(), inside.top() - 1)),
        QRect(QPoint(target.left(), inside.bottom() + 1), target.bottomRight()),
        QRect(QPoint(target.left(), inside.top()), QPoint(inside.left() - 1, inside.bottom())),
        QRect(QPoint(inside.right() + 1, inside.top()), QPoint(target.right(), inside.bottom())),
    )


def pixmap(png: str | None) -> QPixmap:
    """Return an image that the engine sent as base64 text; a null one for None."""
    image = QPixmap()
    if png:
        image.loadFromData(base64.b64decode(png))
    return image
