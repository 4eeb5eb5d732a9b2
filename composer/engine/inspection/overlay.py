"""Maps as pictures for people: colours, heat over an image, a sheet of several maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from composer.engine.inspection.map_images import Pictures

# Nine stops of "magma" (S. van der Walt, N. Smith, matplotlib 1.5, CC0): equal steps look equal, in grey and to colour-blind eyes too.
_MAGMA = ("000004", "1d1147", "51127c", "822681", "b63679", "e65164", "fb8861", "fec287", "fcfdbf")
_STOPS = np.array([[int(stop[i : i + 2], 16) for i in (0, 2, 4)] for stop in _MAGMA], dtype=np.float64)
TILE = 224
GAP = 16
CAPTION = 40
_PAPER, _INK, _FAINT = (250, 250, 251), (28, 30, 36), (110, 114, 124)

Array = NDArray[Any]


def normalised(values: Array) -> Array:
    """Values stretched to [0, 1]; a constant map becomes 0."""
    low, high = float(values.min()), float(values.max())
    return np.zeros_like(values) if high - low < 1e-12 else (values - low) / (high - low)


def colours(values: Array) -> NDArray[np.uint8]:
    """Values in [0, 1] of any shape as RGB, dark to bright."""
    stops = np.linspace(0, 1, len(_STOPS))
    rgb = np.stack([np.interp(values, stops, _STOPS[:, channel]) for channel in range(3)], axis=-1)
    return rgb.round().astype(np.uint8)


def heat(values: Array, size: tuple[int, int]) -> Image.Image:
    """A table as a heat map of a size in pixels, one even cell a value; cells without a number stay paper."""
    empty = np.isnan(values)
    cells = colours(normalised(np.where(empty, np.nanmin(values), values)))
    cells[empty] = _PAPER
    return Image.fromarray(cells).resize(size, Image.Resampling.NEAREST)


def overlay(image: Image.Image, values: Array) -> Image.Image:
    """A map over the image: what is looked at glows, the rest stays visible in grey.

    Args:
        image: the picture.
        values: the map (h, w), of any range.

    Returns:
        A picture of the size of `image`.
    """
    scaled = Image.fromarray((normalised(values) * 255).astype(np.uint8)).resize(image.size, Image.Resampling.BICUBIC)
    strength = np.asarray(scaled, dtype=np.float32) / 255
    grey = np.asarray(image.convert("L").convert("RGB"), dtype=np.float32)
    share = (0.35 + 0.4 * strength)[..., None]
    mixed = grey * (1 - share) + colours(strength) * share
    return Image.fromarray(mixed.round().astype(np.uint8))


def tile(image: Image.Image, shown: Pictures, number: int = 0, side: int = TILE) -> Image.Image:
    """One picture of a map in a square of `side` pixels: over the image, or as a table centred in it."""
    values = shown.pictures[number].numpy()
    if shown.over_image:
        return overlay(fitted(image, side), values)
    rows, columns = values.shape
    if rows == 1 and columns > 32:  # a strip of many channels is folded into lines
        lines = int(np.ceil(np.sqrt(columns)))
        folded = np.pad(values[0], (0, lines * lines - columns), constant_values=np.nan)
        values, (rows, columns) = folded.reshape(lines, lines), (lines, lines)
    scale = side / max(rows, columns)
    size = max(8, round(columns * scale)), max(8, round(rows * scale))
    square = Image.new("RGB", (side, side), _PAPER)
    square.paste(heat(values, size), ((side - size[0]) // 2, (side - size[1]) // 2))
    return square


def fitted(image: Image.Image, side: int = TILE) -> Image.Image:
    """An image scaled so that its longer side is `side`, centred in a black square."""
    scale = side / max(image.size)
    small = image.convert("RGB").resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.NEAREST
    )
    square = Image.new("RGB", (side, side))
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return square


def sheet(tiles: Sequence[tuple[Image.Image, str, str]], columns: int = 4) -> Image.Image:
    """Tiles with a title and a line below each, in rows."""
    columns = min(columns, max(1, len(tiles)))
    rows = -(-len(tiles) // columns)
    page = Image.new("RGB", (GAP + columns * (TILE + GAP), GAP + rows * (TILE + CAPTION + GAP)), _PAPER)
    draw = ImageDraw.Draw(page)
    title_font, line_font = ImageFont.load_default(14), ImageFont.load_default(11)
    for place, (picture, title, line) in enumerate(tiles):
        x, y = GAP + place % columns * (TILE + GAP), GAP + place // columns * (TILE + CAPTION + GAP)
        page.paste(picture, (x, y))
        draw.text((x, y + TILE + 4), _cut(draw, title, title_font), _INK, title_font)
        draw.text((x, y + TILE + 22), _cut(draw, line, line_font), _FAINT, line_font)
    return page


def _cut(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """A text that fits under a tile."""
    whole = text
    while draw.textlength(text, font) > TILE and len(text) > 1:
        text = text[: -2 if text == whole else -4].rstrip() + "..."
    return text
