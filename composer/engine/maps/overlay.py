"""Maps as images for people: colours, a heat map over an image, a sheet of several maps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from composer.core import colormaps
from composer.engine.maps.map_images import MapImages

COLORMAP = "magma"
TILE = 224
GAP = 16
CAPTION = 40
# A strip of more channels is folded into a square.
MAX_STRIP = 32
_PAPER, _INK, _FAINT = (250, 250, 251), (28, 30, 36), (110, 114, 124)

Array = NDArray[Any]


def normalize(values: Array) -> Array:
    """Stretch values to [0, 1]; a constant map becomes 0."""
    low, high = float(values.min()), float(values.max())
    return np.zeros_like(values) if high - low < 1e-12 else (values - low) / (high - low)


def colorize(values: Array) -> NDArray[np.uint8]:
    """Convert values in [0, 1] of any shape to RGB, dark to bright."""
    table = np.array(colormaps.colors(COLORMAP), dtype=np.uint8)
    rgb: NDArray[np.uint8] = table[np.rint(np.clip(values, 0, 1) * (len(table) - 1)).astype(int)]
    return rgb


def heat(values: Array, size: tuple[int, int]) -> Image.Image:
    """Draw a table as a heat map of a size in pixels, one even cell a value; NaN cells have the paper's colour."""
    empty = np.isnan(values)
    cells = colorize(normalize(np.where(empty, np.nanmin(values), values)))
    cells[empty] = _PAPER
    return Image.fromarray(cells).resize(size, Image.Resampling.NEAREST)


def overlay(image: Image.Image, values: Array) -> Image.Image:
    """Draw a map over an image: high values glow, the rest stays visible in grey.

    Args:
        image: the image.
        values: the map (h, w), of any range.

    Returns:
        An image of the size of `image`.
    """
    scaled = Image.fromarray((normalize(values) * 255).astype(np.uint8)).resize(image.size, Image.Resampling.BICUBIC)
    strength = np.asarray(scaled, dtype=np.float32) / 255
    grey = np.asarray(image.convert("L").convert("RGB"), dtype=np.float32)
    share = (0.35 + 0.4 * strength)[..., None]
    mixed = grey * (1 - share) + colorize(strength) * share
    return Image.fromarray(mixed.round().astype(np.uint8))


def tile(image: Image.Image, drawing: MapImages, number: int = 0, side: int = TILE) -> Image.Image:
    """Draw one image of a map in a square of `side` pixels: over the image, or as a table centred in it."""
    values = drawing.images[number].numpy()
    if drawing.over_image:
        # The map belongs to the image and not to the border around it.
        return fit_square(overlay(_fit(image, side), values), side)
    rows, columns = values.shape
    if rows == 1 and columns > MAX_STRIP:
        lines = int(np.ceil(np.sqrt(columns)))
        folded = np.pad(values[0], (0, lines * lines - columns), constant_values=np.nan)
        values, (rows, columns) = folded.reshape(lines, lines), (lines, lines)
    scale = side / max(rows, columns)
    size = max(8, round(columns * scale)), max(8, round(rows * scale))
    square = Image.new("RGB", (side, side), _PAPER)
    square.paste(heat(values, size), ((side - size[0]) // 2, (side - size[1]) // 2))
    return square


def _fit(image: Image.Image, side: int) -> Image.Image:
    """Scale an image so that its longer side is `side`."""
    scale = side / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.convert("RGB").resize(size, Image.Resampling.NEAREST)


def fit_square(image: Image.Image, side: int = TILE) -> Image.Image:
    """Scale an image so that its longer side is `side`, and centre it in a black square."""
    small = _fit(image, side)
    square = Image.new("RGB", (side, side))
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return square


def sheet(tiles: Sequence[tuple[Image.Image, str, str]], columns: int = 4) -> Image.Image:
    """Arrange tiles in rows, with a title and a line below each."""
    columns = min(columns, max(1, len(tiles)))
    rows = -(-len(tiles) // columns)
    page = Image.new("RGB", (GAP + columns * (TILE + GAP), GAP + rows * (TILE + CAPTION + GAP)), _PAPER)
    draw = ImageDraw.Draw(page)
    title_font, line_font = ImageFont.load_default(14), ImageFont.load_default(11)
    for index, (image, title, line) in enumerate(tiles):
        x, y = GAP + index % columns * (TILE + GAP), GAP + index // columns * (TILE + CAPTION + GAP)
        page.paste(image, (x, y))
        draw.text((x, y + TILE + 4), _shorten(draw, title, title_font), _INK, title_font)
        draw.text((x, y + TILE + 22), _shorten(draw, line, line_font), _FAINT, line_font)
    return page


def _shorten(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Cut a text so that it fits under a tile."""
    full = text
    while draw.textlength(text, font) > TILE and len(text) > 1:
        text = text[: -2 if text == full else -4].rstrip() + "..."
    return text
