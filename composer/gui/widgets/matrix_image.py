"""A confusion matrix as an image of one pixel a cell, in the colours of the theme; larger ones also scaled down."""

import math
from itertools import chain
from typing import Any

from PySide6.QtGui import QColor, QImage

from composer.core.confusion import Confusion
from composer.gui.look import theme

# Even a single sample in a cell is visible beside the background.
LEAST = 0.12


class MatrixImage:
    """Colours of the cells: right predictions in the accent, wrong ones in the colour of errors.

    Args:
        confusion: the matrix.
        by_class: whether a cell is coloured by its share of the samples of the true class; otherwise by its number of
            samples beside the largest number of a cell of its kind.
    """

    def __init__(self, confusion: Confusion, *, by_class: bool) -> None:
        import numpy as np

        self.size = len(confusion.classes)
        count = len(confusion.cells)
        cells = np.fromiter(chain.from_iterable(confusion.cells), np.int64, 2 * count).reshape(count, 2)
        numbers = np.fromiter(confusion.cells.values(), np.float32, count)
        self._rows, self._columns = cells[:, 0], cells[:, 1]
        self._right = self._rows == self._columns
        if by_class:
            whole = np.array(confusion.support, np.float32)[self._rows]
        else:
            largest = [numbers[mask].max(initial=1.0) for mask in (self._right, ~self._right)]
            whole = np.where(self._right, *largest)
        shares = numbers / whole
        # Mistakes are rarer than right predictions, so their colours rise faster.
        self._strength = LEAST + (1 - LEAST) * np.where(self._right, shares, np.sqrt(shares))
        background, right, wrong = (_rgb(name) for name in ("panel", "accent", "error"))
        inks = np.where(self._right[:, None], right, wrong)
        colors = background + self._strength[:, None] * (inks - background)
        self._pixels = np.empty((self.size, self.size, 3), np.uint8)
        self._pixels[:] = background
        self._pixels[self._rows, self._columns] = colors.round()
        self._images: dict[int, QImage] = {}

    def ink(self, label: int, predicted: int) -> QColor:
        """Return black or white, whichever is easier to read on a cell."""
        parts = (self._pixels[label, predicted] / 255.0) ** 2.2
        luminance = float(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])
        # The contrasts of WCAG: with black (L + 0.05) / 0.05, with white 1.05 / (L + 0.05).
        return QColor("black" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "white")

    def image(self, factor: int = 1) -> QImage:
        """Return the matrix with one pixel for `factor` x `factor` cells: the strongest mistake in them."""
        if factor not in self._images:
            self._images[factor] = _image(self._pixels if factor == 1 else self._reduced(factor))
        return self._images[factor]

    def _reduced(self, factor: int) -> Any:
        import numpy as np

        side = math.ceil(self.size / factor)
        pad = side * factor - self.size
        pixels = np.pad(self._pixels, ((0, pad), (0, pad), (0, 0)), mode="edge")
        strength = np.zeros((side * factor, side * factor), np.float32)
        # Where cells are drawn smaller than a pixel, mistakes must not vanish behind right predictions.
        strength[self._rows, self._columns] = np.where(self._right, 0.01, 1.0) * self._strength
        blocks = strength.reshape(side, factor, side, factor).swapaxes(1, 2).reshape(side, side, factor**2)
        colors = pixels.reshape(side, factor, side, factor, 3).swapaxes(1, 2).reshape(side, side, factor**2, 3)
        strongest = blocks.argmax(2)[..., None, None]
        return np.ascontiguousarray(np.take_along_axis(colors, strongest, 2)[:, :, 0])


def _image(pixels: Any) -> QImage:
    height, width, _ = pixels.shape
    # A copy, because a QImage does not keep the memory that it is given.
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _rgb(name: str) -> Any:
    import numpy as np

    color = theme.color(name)
    return np.array([color.red(), color.green(), color.blue()], np.float32)
