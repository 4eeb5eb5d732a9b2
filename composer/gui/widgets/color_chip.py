"""A round chip in the colour of a curve, for lists of what is drawn."""

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

CHIP = 10


def chip(color: QColor | None) -> QIcon:
    """Return a chip; without a colour an empty icon of the same size, so that texts stay aligned."""
    return _chip(color.name() if color is not None else "")


@lru_cache(maxsize=64)
def _chip(name: str) -> QIcon:
    pixmap = QPixmap(CHIP, CHIP)
    pixmap.fill(Qt.GlobalColor.transparent)
    if name:
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(name))
        painter.drawEllipse(1, 1, CHIP - 2, CHIP - 2)
        painter.end()
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # otherwise Qt tints it in selected rows
        icon.addPixmap(pixmap, mode)
    return icon
