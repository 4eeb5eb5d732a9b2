"""From a captured map to images, tables and bars: the result type and the parts that several kinds share.

The drawing of each kind is one file in `map_kinds`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from composer.core.token_layout import Grid
from composer.engine.maps.captured_map import CapturedMap

# Limit for the attention of all query positions of one map; beyond it heads are averaged, then queries thinned out.
QUERY_BYTES = 16 * 2**20
SIGNED = "weights of either sign: the map shows their magnitude"


@dataclass(frozen=True)
class Bars:
    """One row of numbers that the window draws as bars.

    Args:
        title: what it is.
        axis: what is counted along it: channel, branch, segment.
        values: float32 (n,).
    """

    title: str
    axis: str
    values: Tensor


@dataclass(frozen=True)
class MapImages:
    """What can be seen of one map.

    Args:
        titles: one an image.
        images: float32 (P, h, w), the most telling first.
        over_image: whether h x w is a grid over the image, or a table (channels, branches, segments, a footprint).
        queries: attention paid by each query position, (heads or 1, query rows, query columns, h, w), or None.
        bars: shown before the images; where a table has one row, instead of it.
        notes: what the viewer should know.
    """

    titles: tuple[str, ...]
    images: Tensor
    over_image: bool
    queries: Tensor | None = None
    bars: Bars | None = None
    notes: tuple[str, ...] = ()

    @property
    def grid(self) -> Grid:
        """Height and width of the images."""
        return self.images.shape[1], self.images.shape[2]


Draw = TypeVar("Draw", bound=Callable[[CapturedMap, int], MapImages])


def map_kind(*, words: str, values: str, shape: str, layout: str = "") -> Callable[[Draw], Draw]:
    """Mark the function that draws a kind of map; see `composer.core.blocks.map_kinds.MapKind` for the arguments.

    The function takes the captured map and the number of the image within the batch. The declaration is read from the
    source text, so the decorator returns the function unchanged.
    """
    del words, values, shape, layout  # read from the source text
    return lambda draw: draw


def with_heads(title: str, heads: Tensor, *, over_image: bool, notes: tuple[str, ...] = ()) -> MapImages:
    """Draw the mean over heads, then each head.

    Args:
        title: what the images show.
        heads: (heads, h, w).
        over_image: see `MapImages`.
        notes: see `MapImages`.
    """
    if len(heads) == 1:
        return MapImages((title,), heads.contiguous(), over_image, notes=notes)
    titles = (f"{title}, mean of heads", *(f"{title}, head {number}" for number in range(1, len(heads) + 1)))
    return MapImages(titles, torch.cat([heads.mean(0, keepdim=True), heads]), over_image, notes=notes)


def thin_queries(heads: int, grid: Grid, keys: int) -> tuple[int, bool]:
    """Return the stride that thins a grid of queries to `QUERY_BYTES`, and whether heads are averaged first."""
    rows, columns = grid
    if heads * rows * columns * keys * 4 <= QUERY_BYTES:
        return 1, False
    stride = 1
    while stride < max(rows, columns) and -(-rows // stride) * -(-columns // stride) * keys * 4 > QUERY_BYTES:
        stride += 1
    return stride, True
