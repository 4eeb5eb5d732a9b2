"""What capture must work out by itself: the windows that a map was cut into, and guesses where nothing is declared."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from composer.core.token_layout import Grid, TokenLayout, cells, join, unplaced

MAX_LEADING = 8  # class, distillation and register tokens in front of the patches


@dataclass(frozen=True, slots=True)
class Windows:
    """How a map was cut into windows.

    Args:
        size: height and width of the map.
        window: height and width of a window.
        shift: by how much the map was rolled before it was cut.
    """

    size: Grid
    window: Grid
    shift: Grid

    @property
    def cells(self) -> Grid:
        """Number of windows along each axis."""
        return math.ceil(self.size[0] / self.window[0]), math.ceil(self.size[1] / self.window[1])

    @property
    def count(self) -> int:
        """Number of windows of one image."""
        return self.cells[0] * self.cells[1]


def windows_of(module: nn.Module, attributes: Sequence[str], size: Grid) -> Windows:
    """Read how a module cuts a map into windows.

    Args:
        module: the module.
        attributes: names of its attributes that hold the side of a window and, where it shifts them, the shift.
        size: height and width of the map.
    """
    window = _pair(getattr(module, attributes[0]))
    shift = _pair(getattr(module, attributes[1])) if len(attributes) > 1 else (0, 0)
    # Where one window covers a whole axis, nothing is rolled along it.
    rolled = (shift[0] if size[0] > window[0] else 0, shift[1] if size[1] > window[1] else 0)
    return Windows(size, window, rolled)


def as_token_matrix(weights: Tensor, batch: int) -> Tensor:
    """Reshape attention (N, ..., queries, keys) or (N * heads, queries, keys) to (N, heads, queries, keys)."""
    leading = math.prod(weights.shape[:-2])
    rows = batch if leading % batch == 0 else 1
    return weights.reshape(rows, leading // rows, *weights.shape[-2:])


def guess_layout(tokens: int, maps: Sequence[Grid], image: Grid | None) -> TokenLayout | None:
    """Guess the layout of tokens from their number: for blocks that do not declare it.

    Args:
        tokens: number of tokens.
        maps: sizes of the maps computed before, newest last.
        image: size of the image; a grid that matches no map has the proportions of the image.

    Returns:
        A grid behind as few other tokens as possible; None if nothing fits.
    """
    for leading in range(min(MAX_LEADING, tokens - 1) + 1):
        positions = tokens - leading
        # A map of one position would make a grid of every short sequence.
        grid = next((grid for grid in reversed(maps) if grid[0] * grid[1] == positions and positions > 1), None)
        if grid is None and image is not None and positions > 1:
            height = math.isqrt(positions * image[0] // image[1])
            same_aspect = height * height * image[1] == positions * image[0]
            if height and same_aspect and height * (positions // height) == positions:
                grid = height, positions // height
        if grid is not None:
            return join((unplaced(leading), cells(grid)))
    return None


def token_count(shapes: tuple[tuple[int, ...], ...]) -> int:
    """Return the number of tokens of a block's first input: a sequence (N, T, C), or a map (N, C, H, W) of H * W."""
    if not shapes:
        return 0
    return shapes[0][1] if len(shapes[0]) == 3 else math.prod(shapes[0][2:])


def _pair(value: Any) -> Grid:
    return (int(value[0]), int(value[1])) if isinstance(value, tuple | list) else (int(value), int(value))
