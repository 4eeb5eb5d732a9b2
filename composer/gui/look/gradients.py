"""Qt gradients of the colour maps."""

from PySide6.QtGui import QColor

from composer.core import colormaps


def gradient_stops(name: str) -> list[tuple[float, QColor]]:
    """Return the stops of a colour map for a QGradient."""
    table = colormaps.colors(name)
    return [(index / (len(table) - 1), QColor(*color)) for index, color in enumerate(table)]
