"""Generated scenes: one small object of a known kind, at a known position, among strokes on an uneven ground.

A scene depends on (seed, part, number) alone. Its random values are drawn in shares of the image before anything is
rendered, so the same scene exists at every size, and numpy's `RandomState` promises the same values in every version.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from composer.engine.training.datasets.scene_kinds import KINDS, OUTLINES, Floats, looks

Size = tuple[int, int]  # width, height in pixels

GROUND_CELLS = 8  # control points of the ground along each side
SIZE_SPREAD = 0.2  # objects are up to this share smaller or larger than stated
COLOUR_DRAWS = 3  # of which the colour is taken that stands out most
GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as image libraries convert to grey
VISIBLE_COVER = 0.05  # a pixel belongs to the object if that share of it is covered


@dataclass(frozen=True)
class SceneStyle:
    """What scenes look like.

    Args:
        classes: up to 8 classes are kinds in any colour; more are kinds in a colour of their own.
        object_size: diameter of the object as a share of the shorter side.
        clutter: number of strokes around the object.
        seed: other seeds give other scenes.
    """

    classes: int = len(KINDS)
    object_size: float = 0.24
    clutter: int = 14
    seed: int = 0


@dataclass(frozen=True)
class Scenes:
    """Scenes as arrays.

    Args:
        images: pixels (N, H, W, 3).
        labels: class numbers (N,).
        boxes: left, top, right and bottom of the object as shares of the image (N, 4).
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    boxes: NDArray[np.float32]


def draw_scenes(style: SceneStyle, part: int, count: int, size: Size) -> Scenes:
    """Draw the first scenes of a part.

    Args:
        style: what they look like.
        part: number of the part: training, validation and test scenes are different ones.
        count: how many; fewer are the first ones of more.
        size: width and height.
    """
    images = np.empty((count, size[1], size[0], 3), np.uint8)
    boxes = np.empty((count, 4), np.float32)
    labels = scene_labels(style, part, count)
    for number in range(count):
        images[number], boxes[number] = draw_scene(style, part, number, int(labels[number]), size)
    return Scenes(images, labels, boxes)


def scene_labels(style: SceneStyle, part: int, count: int) -> NDArray[np.int64]:
    """Return the classes of the first scenes of a part: every class once in random order, then again."""
    rounds = -(-count // style.classes)
    shuffles = [np.random.RandomState([style.seed, part, 0, turn]).permutation(style.classes) for turn in range(rounds)]
    return np.concatenate([np.empty(0, np.int64), *shuffles])[:count].astype(np.int64)


def draw_scene(
    style: SceneStyle, part: int, number: int, label: int, size: Size
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Draw one scene.

    Returns:
        Its pixels (H, W, 3), and the box of the object as shares (left, top, right, bottom).
    """
    # 1. Draw all random values, in shares of the image, in a fixed order.
    random = np.random.RandomState([style.seed, part, 1, number])
    ground = random.uniform(0.25, 0.75, (GROUND_CELLS, GROUND_CELLS, 3))
    radius = style.object_size / 2 * random.uniform(1 - SIZE_SPREAD, 1 + SIZE_SPREAD)
    position, angle = random.uniform(size=2), random.uniform(0, 2 * np.pi)
    colours = random.uniform(size=(COLOUR_DRAWS, 3))
    strokes = random.uniform(size=(style.clutter, 8))

    # 2. Paint the ground and the strokes.
    width, height = size
    side = min(size)
    canvas = _interpolate(ground, size)
    for stroke in strokes:
        _paint_stroke(canvas, stroke, side)

    # 3. Paint the object, wholly inside the image.
    extent = radius * side
    center = extent + 1 + position * np.maximum(0, np.array([width, height]) - 2 * extent - 2)
    if style.classes <= len(KINDS):
        kind, colour = label, _contrasting(colours, canvas[int(center[1]), int(center[0])])
    else:
        kind, palette = looks(style.classes)[label]
        colour = np.array(palette) / 255
    box = _paint_object(canvas, KINDS[kind], center, extent, angle, colour)
    pixels = np.rint(canvas * 255).astype(np.uint8)
    return pixels, (box / np.array([width, height, width, height])).astype(np.float32)


def _interpolate(cells: Floats, size: Size) -> Floats:
    """Return cells (rows, columns, 3), interpolated smoothly to an image (H, W, 3)."""
    rows, columns = _weights(size[1], len(cells)), _weights(size[0], cells.shape[1])
    image: Floats = np.einsum("yr,rxc->yxc", rows, np.einsum("xk,rkc->rxc", columns, cells))
    return image


@cache
def _weights(pixels: int, cells: int) -> Floats:
    """Return the weights (pixels, cells) of the two neighbouring cells, eased so that no edge shows."""
    position = (np.arange(pixels) + 0.5) / pixels * (cells - 1)
    left = np.minimum(position.astype(int), cells - 2)
    share = position - left
    share = share * share * (3 - 2 * share)
    weights = np.zeros((pixels, cells))
    weights[np.arange(pixels), left] = 1 - share
    weights[np.arange(pixels), left + 1] = share
    return weights


def _paint_stroke(canvas: Floats, values: Floats, side: int) -> None:
    """Paint a straight stroke from eight random values: position, direction, length, width and colour."""
    height, width = canvas.shape[:2]
    start = values[:2] * (width, height)
    turn, length = values[2] * 2 * np.pi, values[3] * 0.35 * side
    along = np.array([np.cos(turn), np.sin(turn)])
    half = max(0.5, (0.006 + 0.01 * values[4]) * side)
    end = start + along * length
    window = _window(np.minimum(start, end) - half - 1, np.maximum(start, end) + half + 1, width, height)
    x, y = _pixel_grid(window, start)
    # The distance to the segment: to the line beside it, to an end beyond it.
    beyond = x * along[0] + y * along[1]
    beyond -= np.clip(beyond, 0, length)
    aside = x * along[1] - y * along[0]
    _blend(canvas, window, np.sqrt(beyond * beyond + aside * aside) - half, values[5:8])


def _paint_object(canvas: Floats, kind: str, center: Floats, extent: float, angle: float, colour: Floats) -> Floats:
    """Paint the object and return the box of the pixels that it touches: left, top, right, bottom."""
    height, width = canvas.shape[:2]
    window = _window(center - extent - 1, center + extent + 1, width, height)
    x, y = _pixel_grid(window, center)
    cos, sin = np.cos(angle), np.sin(angle)
    distance = OUTLINES[kind]((x * cos + y * sin) / extent, (y * cos - x * sin) / extent) * extent
    touched = _blend(canvas, window, distance, colour)
    columns, rows = np.flatnonzero(touched.any(0)), np.flatnonzero(touched.any(1))
    left, top = window[1].start, window[0].start
    return np.array([left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1], np.float64)


def _window(low: Floats, high: Floats, width: int, height: int) -> tuple[slice, slice]:
    """Return the rows and columns between two corners, inside the image."""
    left, top = max(0, int(low[0])), max(0, int(low[1]))
    return slice(top, min(height, int(high[1]) + 1)), slice(left, min(width, int(high[0]) + 1))


def _pixel_grid(window: tuple[slice, slice], origin: Floats) -> tuple[Floats, Floats]:
    """Return x (1, W) and y (H, 1) of the pixel centers of a window, from an origin."""
    rows, columns = window
    x = np.arange(columns.start, columns.stop) + (0.5 - origin[0])
    y = np.arange(rows.start, rows.stop) + (0.5 - origin[1])
    return x[None, :], y[:, None]


def _blend(canvas: Floats, window: tuple[slice, slice], distance: Floats, colour: Floats) -> NDArray[np.bool_]:
    """Paint where the distance to an outline in pixels is negative, with smooth edges; return the painted pixels."""
    cover = np.clip(0.5 - distance, 0, 1)
    part = canvas[window]
    part += cover[..., None] * (colour - part)
    return np.asarray(cover >= VISIBLE_COVER)


def _contrasting(colours: Floats, ground: Floats) -> Floats:
    """Return the colour that differs most from the ground, in colour and in grey."""
    difference = colours - ground
    score = np.abs(difference).sum(1) + 3 * np.abs(difference @ GREY)
    return np.asarray(colours[int(score.argmax())])
