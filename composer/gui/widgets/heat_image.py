"""Numbers as colours."""

from typing import Any

from PySide6.QtGui import QImage

from composer.core import colormaps


def heat_image(values: Any, colormap: str) -> tuple[QImage, tuple[float, float]]:
    """Draw an array as an image, one pixel a number.

    Args:
        values: a numpy array (h, w), not empty; what is not finite becomes transparent.
        colormap: a name of `colormaps.NAMES`.

    Returns:
        The image, and the numbers that the darkest and the brightest colour stand for.
    """
    import numpy as np

    empty = ~np.isfinite(values)
    finite = values[~empty]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    shares = (np.where(empty, low, values) - low) / max(high - low, 1e-12)
    cells = np.full((*values.shape, 4), 255, dtype=np.uint8)
    table = np.array(colormaps.colors(colormap), dtype=np.uint8)
    cells[..., :3] = table[np.rint(shares * (len(table) - 1)).astype(int)]
    cells[empty] = 0
    height, width = values.shape
    return QImage(cells.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy(), (low, high)
