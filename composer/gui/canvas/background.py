"""The background of the canvas: faint dots that fade out when one zooms out."""

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QPainter, QPixmap

from composer.gui.look import theme

STEP = 24.0
FADE = (0.35, 0.8)  # scales between which the dots appear


class Background:
    """Paints the dots from a tile that is cached between paints."""

    def __init__(self) -> None:
        self._key: tuple[int, float, bool] | None = None
        self._tile = QPixmap()

    def paint(self, painter: QPainter, area: QRect, origin: QPoint, scale: float) -> None:
        """Paint a part of the viewport.

        Args:
            painter: painter in pixels of the viewport.
            area: the part.
            origin: where the origin of the scene is in the viewport.
            scale: scale of the view.
        """
        opacity = (scale - FADE[0]) / (FADE[1] - FADE[0])
        if opacity <= 0:
            painter.fillRect(area, theme.color("canvas"))
            return
        tile = self._tile_for(scale, min(opacity, 1.0))
        side = tile.width()
        offset = QPoint((area.left() - origin.x() + side // 2) % side, (area.top() - origin.y() + side // 2) % side)
        painter.drawTiledPixmap(area, tile, offset)

    def _tile_for(self, scale: float, alpha: float) -> QPixmap:
        # The side is rounded to whole pixels: far from the origin the dots are a little off the grid, unnoticeably.
        side = max(8, round(STEP * scale))
        key = (side, round(alpha, 2), theme.is_dark())
        if key != self._key:
            tile = QPixmap(side, side)
            tile.fill(theme.color("canvas"))  # an opaque tile is painted twice as fast as one that must be blended
            painter = QPainter(tile)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("dot", alpha))
            radius = 1.0 if scale < 1.5 else 1.4
            painter.drawEllipse(QPointF(side // 2 + 0.5, side // 2 + 0.5), radius, radius)
            painter.end()
            self._key, self._tile = key, tile
        return self._tile
