"""Weights of a neighbourhood: each position's footprint over the image, and what every position receives."""

from torch import Tensor

from composer.core.token_layout import Grid
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import MapImages, thin_queries

OUTSIDE = "weights of neighbours outside of the map are left out"


def draw_footprint(captured: CapturedMap, weights: Tensor, notes: tuple[str, ...]) -> MapImages:
    """Draw weights over the image, or their mean as a table where it is not known which position each belongs to.

    Args:
        captured: the map; gives the size of the map that the neighbourhoods are of.
        weights: of one image, (heads, rows, columns, offsets) or (heads, positions, offsets), with as many offsets as a
            square neighbourhood of an odd side has.
        notes: what the viewer should know.
    """
    side = round(weights.shape[-1] ** 0.5)
    placed = _placed(weights, captured.size, side)
    if placed is None:
        mean = weights.reshape(-1, weights.shape[-1]).mean(0)
        table = mean.reshape(side, side) if side * side == len(mean) else mean[None]
        return MapImages(("mean footprint around a position",), table[None], over_image=False, notes=notes)
    # 1. Reduce what would be too large to click on.
    grid, stride = placed, _stride(placed, captured.size)
    rows, columns = captured.size
    every, average = thin_queries(len(grid), (grid.shape[1], grid.shape[2]), rows * columns)
    if average:
        grid = grid.mean(0, keepdim=True)
    selected = grid[:, ::every, ::every]
    # 2. Put each footprint around its position, on a map with a border that is cut off.
    border = side // 2
    queries = selected.new_zeros(*selected.shape[:3], rows + 2 * border, columns + 2 * border)
    for row in range(selected.shape[1]):
        for column in range(selected.shape[2]):
            top, left = row * every * stride[0], column * every * stride[1]
            footprint = selected[:, row, column].reshape(-1, side, side)
            queries[:, row, column, top : top + side, left : left + side] = footprint
    whole = queries.abs().sum()
    queries = queries[..., border : border + rows, border : border + columns].contiguous()
    if float(whole - queries.abs().sum()) > 1e-4 * float(whole):
        notes = (*notes, OUTSIDE)
    received = queries.mean((0, 1, 2))[None]
    return MapImages(("received",), received, over_image=True, queries=queries, notes=notes)


def _placed(weights: Tensor, size: Grid, side: int) -> Tensor | None:
    """Return weights as (heads, rows, columns, offsets); None if their positions are not known."""
    rows, columns = size
    if not rows or side % 2 == 0 or side * side != weights.shape[-1]:
        return None
    if weights.ndim == 3 and weights.shape[1] == rows * columns:
        weights = weights.reshape(len(weights), rows, columns, -1)
    if weights.ndim != 4:
        return None
    apart = _stride(weights, size)
    covered = tuple(-(-whole // step) for whole, step in zip(size, apart, strict=True))
    return weights if covered == tuple(weights.shape[1:3]) else None


def _stride(weights: Tensor, size: Grid) -> tuple[int, int]:
    """Return by how many rows and columns the positions are apart."""
    rows, columns = (-(-whole // part) for whole, part in zip(size, weights.shape[1:3], strict=True))
    return rows, columns
