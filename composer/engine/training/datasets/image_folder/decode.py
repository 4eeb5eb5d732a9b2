"""Files as pixels of the size of an input, decoded by threads."""

import math
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from composer.core.errors import UserError
from composer.engine.training.datasets.image_file import EXPECTED, ImageSource, decode_image
from composer.engine.training.datasets.image_fit import WHOLE, Fit, Part, fit_image, fit_part
from composer.engine.training.datasets.image_format import ImageFormat

# A JPEG is decoded at a fraction of its size if at least this many decoded pixels remain for each pixel of the input.
DRAFT = 2
# Files of one task: fewer tasks than files, and still enough for all threads.
CHUNK = 8


def decode_pixels(
    path: ImageSource, channels: int, height: int, width: int, fit: Fit, part: Part = WHOLE
) -> NDArray[np.uint8]:
    """Return an image file as pixels (height, width, channels) of 8 bits.

    Args:
        path: the file.
        channels: 1 or 3.
        height: pixels of the input.
        width: pixels of the input.
        fit: see `image_fit.fit_image`.
        part: see `image_fit.fit_part`.

    Raises:
        UserError: if it cannot be read; it was readable when the dataset was loaded.
    """
    image = decode_image(path, math.ceil(DRAFT * max(height, width) / min(part[2:])))
    if part == WHOLE:
        return to_pixels(fit_image(image.pixels, (width, height), fit)[0], channels)
    return to_pixels(fit_part(image.pixels, (width, height), fit, part), channels)


def to_pixels(image: Image.Image, channels: int) -> NDArray[np.uint8]:
    """Return an image as pixels (height, width, channels) of 8 bits."""
    mode = "RGB" if channels == 3 else "L"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    return pixels.reshape(image.height, image.width, channels)


def reason_of(error: UserError, path: ImageSource) -> str:
    """Return why a file cannot be read, without its name and without the formats that could."""
    return str(error).removeprefix(f"{path.name}: ").removeprefix(f"{path}: ").removesuffix(f"; {EXPECTED}")


def _part(row: list[float]) -> Part:
    left, top, width, height = row
    return left, top, width, height


class Decoding:
    """Images that threads are decoding into one tensor.

    Args:
        pool: the threads; None decodes when the tensor is requested.
        files: the files.
        shape: channels, height and width.
        fit: see `image_fit.fit_image`.
        parts: part of each image (N, 4), see `image_fit.fit_part`; None for the whole images.
        normal: normalizes the pixels in the threads, too; None leaves them as 8 bits.
    """

    def __init__(
        self,
        pool: ThreadPoolExecutor | None,
        files: Sequence[ImageSource],
        shape: tuple[int, int, int],
        fit: Fit,
        parts: Tensor | None = None,
        normal: ImageFormat | None = None,
    ) -> None:
        channels, height, width = shape
        self.shape = shape
        self.fit = fit
        self._parts: list[Part] = [WHOLE] * len(files) if parts is None else [_part(row) for row in parts.tolist()]
        self.normal = normal
        if normal is None:  # channels last, as files hold them
            pixels = torch.empty(len(files), height, width, channels, dtype=torch.uint8)
            self.pixels = pixels.permute(0, 3, 1, 2)
        else:
            pixels = self.pixels = torch.empty(len(files), channels, height, width)
        self._array = pixels.numpy()
        self._files = files
        bounds = [(low, min(low + CHUNK, len(files))) for low in range(0, len(files), CHUNK)]
        self._futures: list[Future[None]] = [pool.submit(self._decode, *pair) for pair in bounds] if pool else []

    def result(self) -> Tensor:
        """Return the pixels (N, C, H, W) of 8 bits, or normalized.

        Raises:
            UserError: naming the first file that cannot be read.
        """
        if self._futures:
            for future in self._futures:
                future.result()
        else:
            self._decode(0, len(self._files))
        return self.pixels

    def cancel(self) -> None:
        """Give up what is not yet decoded."""
        for future in self._futures:
            future.cancel()

    def _decode(self, low: int, high: int) -> None:
        channels, height, width = self.shape
        for number in range(low, high):
            path = self._files[number]
            try:
                pixels = decode_pixels(path, channels, height, width, self.fit, self._parts[number])
            except UserError as error:
                reason = reason_of(error, path)
                raise UserError(f"{path}: {reason}; it was readable before, repair it and resume") from None
            if self.normal is None:
                self._array[number] = pixels
            else:
                self.normal.normalize_bytes(pixels, self._array[number])
