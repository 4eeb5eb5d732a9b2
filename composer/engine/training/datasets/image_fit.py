"""How an image of any size and shape meets the input of a network."""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from PIL import Image

Fit = Literal["crop", "pad", "stretch", "ink"]
Size = tuple[int, int]  # width, height in pixels
# Left, top, width and height of a part of an image as shares of its sides.
Part = tuple[float, float, float, float]
WHOLE: Part = (0.0, 0.0, 1.0, 1.0)
# Of 255: what differs less from the paper is no ink.
MIN_INK = 8


def fit_image(image: Image.Image, size: Size, fit: Fit) -> tuple[Image.Image, tuple[str, ...]]:
    """Return an image at the size of an input.

    Args:
        image: of mode ``L`` or ``RGB``.
        size: width and height of the input.
        fit: ``crop`` keeps the centre, ``pad`` adds black bars, ``stretch`` changes the proportions, ``ink`` cuts out
            handwriting as bright ink on black.

    Returns:
        The image, and what was done to it in notes.
    """
    return _FITS[fit](image, size)


def used_part(image_size: Size, size: Size, fit: Fit) -> Part:
    """Return the part of an image that the network sees: left, top, width and height as shares of the image.

    Args:
        image_size: width and height of the image.
        size: width and height of the input.
        fit: see `fit_image`; ink depends on the pixels, so the whole image is returned for it.
    """
    if fit != "crop":
        return WHOLE
    (left, top, right, bottom), (width, height) = _centre(image_size, size), image_size
    return (left / width, top / height, (right - left) / width, (bottom - top) / height)


def fit_part(image: Image.Image, size: Size, fit: Fit, part: Part) -> Image.Image:
    """Return a part of what a network sees of an image at the size of an input, with all pixels that the image has.

    Args:
        image: the image.
        size: width and height of the input.
        fit: ``crop`` or ``stretch``.
        part: shares of what the network sees of the whole image.
    """
    left, top, width, height = used_part(image.size, size, fit)
    across, down = left + part[0] * width, top + part[1] * height
    shares = (across, down, across + part[2] * width, down + part[3] * height)
    # Rounding must not lead out of the image.
    edges = [min(max(share, 0.0), 1.0) * side for share, side in zip(shares, (*image.size, *image.size), strict=True)]
    return image.resize(size, Image.Resampling.BICUBIC, box=(edges[0], edges[1], edges[2], edges[3]))


def _centre(image_size: Size, size: Size) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the largest centred part that has the proportions of the input."""
    (width, height), (columns, rows) = image_size, size
    scale = min(width / columns, height / rows)
    cut = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    left, top = (width - cut[0]) // 2, (height - cut[1]) // 2
    return left, top, left + cut[0], top + cut[1]


def _crop(image: Image.Image, size: Size) -> tuple[Image.Image, tuple[str, ...]]:
    """Cut the largest centred part that has the proportions of the input."""
    part = image.crop(_centre(image.size, size))
    notes: tuple[str, ...] = ()
    if part.size != image.size:
        notes = (f"cropped to its centre, {_text(part.size)} of {_text(image.size)} pixels",)
    return _resize(part, size), notes


def _pad(image: Image.Image, size: Size) -> tuple[Image.Image, tuple[str, ...]]:
    """Shrink or enlarge the whole image into the input and fill the rest with black."""
    (width, height), (columns, rows) = image.size, size
    scale = min(columns / width, rows / height)
    inner = (min(columns, max(1, round(width * scale))), min(rows, max(1, round(height * scale))))
    whole = Image.new(image.mode, size)
    whole.paste(_resize(image, inner), ((columns - inner[0]) // 2, (rows - inner[1]) // 2))
    return whole, (f"padded with black from {_text(inner)} to {_text(size)} pixels",) if inner != size else ()


def _stretch(image: Image.Image, size: Size) -> tuple[Image.Image, tuple[str, ...]]:
    """Resize the whole image, whatever its proportions."""
    changed = image.width * size[1] != image.height * size[0]
    notes = (f"stretched from {_text(image.size)} to {_text(size)} pixels",) if changed else ()
    return _resize(image, size), notes


def _ink(image: Image.Image, size: Size) -> tuple[Image.Image, tuple[str, ...]]:
    """Resize the ink, cut out and centred in a square."""
    ink = cut_ink(image)
    if ink is None:
        return Image.new("L", size), ("the image is empty: nothing on it contrasts with its ground",)
    return _resize(ink, size), ("only its ink is used: in grey, cut out and centred, as the digits were recorded",)


def cut_ink(image: Image.Image) -> Image.Image | None:
    """Return bright ink on black, cropped to the ink and centred in a square; None if there is no ink."""
    grey = np.asarray(image.convert("L"), dtype=np.float32)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = np.abs(grey - float(np.median(border)))
    if (peak := float(ink.max())) < MIN_INK:
        return None
    ink = ink / peak
    rows, columns = (np.flatnonzero((ink > 0.4).any(axis)) for axis in (1, 0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(cut.shape)
    square = np.zeros((side, side), np.float32)
    top, left = (side - cut.shape[0]) // 2, (side - cut.shape[1]) // 2
    square[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return Image.fromarray((square * 255).astype(np.uint8))


def _resize(image: Image.Image, size: Size) -> Image.Image:
    return image.resize(size, Image.Resampling.BICUBIC)


def _text(size: Size) -> str:
    return f"{size[0]} x {size[1]}"


_FITS: Mapping[Fit, Callable[[Image.Image, Size], tuple[Image.Image, tuple[str, ...]]]] = {
    "crop": _crop,
    "pad": _pad,
    "stretch": _stretch,
    "ink": _ink,
}
