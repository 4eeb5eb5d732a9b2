"""A confusion matrix as an image of one pixel a cell, in the colours of the theme; larger ones also scaled down."""

import math
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
        self.shares: dict[tuple[int, int], float] = {}
        largest = {True: 1, False: 1}
        for (label, guess), count in confusion.cells.items():
            largest[label == guess] = max(largest[label == guess], count)
        for (label, guess), count in confusion.cells.items():
            whole = confusion.support[label] if by_class else largest[label == guess]
            self.shares[label, guess] = count / whole
        background, right, wrong = (_rgb(name) for name in ("panel", "accent", "error"))
        self._pixels = np.empty((self.size, self.size, 3), np.uint8)
        self._pixels[:] = background
        self._strength = np.zeros((self.size, self.size), np.float32)
        if self.shares:
            cells = np.array(list(self.shares), np.int64)
            # Mistakes are rarer than right predictions, so their colours rise faster.
            shares = np.sqrt(np.fromiter(self.shares.values(), np.float32))
            diagonal = cells[:, 0] == cells[:, 1]
            strength = LEAST + (1 - LEAST) * np.where(diagonal, shares**2, shares)
            inks = np.where(diagonal[:, None], right, wrong)
            colors = background + strength[:, None] * (inks - background)
            self._pixels[cells[:, 0], cells[:, 1]] = colors.round()
            # Where cells are drawn smaller than a pixel, mistakes must not vanish.
            self._strength[cells[:, 0], cells[:, 1]] = np.where(diagonal, 0.01, 1.0) * strength
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
        strength = np.pad(self._strength, ((0, pad), (0, pad)))
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
