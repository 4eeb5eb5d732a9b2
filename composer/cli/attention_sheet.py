"""A sheet of images with attention over them and the box of the object."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from composer.core.errors import UserError

TILE, GAP, LINE = 192, 12, 24  # pixels
COLUMNS = 4
COLORMAP = "viridis"
Box = tuple[float, float, float, float]


def draw_sheet(rows: Sequence[tuple[Path, str, Box, Any]], out: Path) -> None:
    """Draw each image beside itself with its map over it.

    Args:
        rows: image file, label, box of the object (left, top, right, bottom as shares) and map (height, width).
        out: the PNG file.

    Raises:
        UserError: if it cannot be written.
    """
    from PySide6.QtCore import QRectF, Qt
    from PySide6.QtGui import QColor, QImage, QPainter, QPen

    from composer.gui.widgets.heat_image import heat_image

    lines = -(-len(rows) // COLUMNS)
    size = COLUMNS * (TILE + GAP) + GAP, lines * (2 * TILE + LINE + 2 * GAP) + GAP
    sheet = QImage(*size, QImage.Format.Format_RGB32)
    sheet.fill(QColor("white"))
    painter = QPainter(sheet)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for number, (path, label, box, weights) in enumerate(rows):
        x = GAP + number % COLUMNS * (TILE + GAP)
        y = GAP + number // COLUMNS * (2 * TILE + LINE + 2 * GAP)
        painter.setPen(QColor("black"))
        painter.drawText(QRectF(x, y, TILE, LINE), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)
        image = QImage(str(path))
        above, below = (QRectF(x, y + LINE + step, TILE, TILE) for step in (0, TILE + GAP // 2))
        painter.drawImage(above, image)
        painter.drawImage(below, image)
        painter.setOpacity(0.65)
        painter.drawImage(below, heat_image(weights, COLORMAP)[0])
        painter.setOpacity(1.0)
        painter.setPen(QPen(QColor("white"), 2))
        left, top, right, bottom = box
        for target in (above, below):
            painter.drawRect(
                QRectF(target.x() + left * TILE, target.y() + top * TILE, (right - left) * TILE, (bottom - top) * TILE)
            )
    painter.end()
    if not sheet.save(str(out)):
        raise UserError(f"{out}: cannot be written")
