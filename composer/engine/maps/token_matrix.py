"""Attention between tokens: over the image where the keys have positions there, else as a table of queries and keys."""

from collections.abc import Iterator

import torch
from torch import Tensor

from composer.core.token_layout import Grid, TokenLayout, TokenRun, role_names
from composer.engine.maps.captured_map import CapturedMap
from composer.engine.maps.map_images import MapImages, thin_queries, with_heads

# Queries without positions (words, steps) are drawn one by one up to this number, else as their mean.
MAX_SINGLE_QUERIES = 16
# Titles of queries that the block does not name, behind which a class token may be.
FIRST = ("class token", "token without a position")


def draw_token_matrix(captured: CapturedMap, weights: Tensor, notes: tuple[str, ...]) -> MapImages:
    """Draw a matrix between tokens.

    Args:
        captured: the map; gives the layout of queries and keys.
        weights: of one image, (heads, queries, keys).
        notes: what the viewer should know.
    """
    placed = captured.keys.grid_run if captured.keys is not None else None
    if placed is None or captured.keys is None:
        return with_heads("queries × keys", weights, over_image=False, notes=notes)
    # 1. Put the keys that are positions on the image, (heads, queries, h, w).
    offset, run = placed
    over_image = _on_grid(weights[..., offset : offset + run.length], run)
    received = with_heads("received", over_image.mean(1), over_image=True)
    titles, images = list(received.titles), [*received.images]

    # 2. Queries without a position: the class token first, which sums the image up, the others last.
    for title, image in _extra_queries(captured.queries, over_image.mean(0)):
        first = title in FIRST or over_image.shape[1] == 1
        titles.insert(0 if first else len(titles), title)
        images.insert(0 if first else len(images), image)
    return MapImages(
        tuple(titles),
        torch.stack(images),
        over_image=True,
        queries=_clickable(captured.queries, over_image),
        notes=(*notes, *_notes(captured.keys, run)),
    )


def _on_grid(values: Tensor, run: TokenRun) -> Tensor:
    """Put values (..., tokens) of a run of cells on its grid, (..., h, w), without the cells beyond the image."""
    assert run.grid is not None
    height, width = run.grid
    if not run.whole:
        full = values.new_zeros(*values.shape[:-1], height * width)
        full[..., run.start : run.start + run.length] = values
        values = full
    rows, columns = visible(run.grid, run.cover)
    return values.reshape(*values.shape[:-1], height, width)[..., :rows, :columns]


def visible(grid: Grid, cover: tuple[float, float]) -> Grid:
    """Return the number of rows and columns of a grid that are on the image and not in its padding."""
    rows, columns = (max(1, min(side, round(side / share))) for side, share in zip(grid, cover, strict=True))
    return rows, columns


def _extra_queries(queries: TokenLayout | None, over_image: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield title and image of what queries without a position attend to.

    Args:
        queries: their layout.
        over_image: the mean over heads, (queries, h, w).
    """
    if queries is None:
        return
    all_unplaced = queries.grid_run is None
    for name, first, count in role_names(queries):
        paid = over_image[first : first + count]
        if all_unplaced and 1 < count <= MAX_SINGLE_QUERIES:
            for number, image in enumerate(paid, start=1):
                yield f"{number} of {count} {name}", image
        else:
            yield (name if count == 1 else f"mean of {count} {name}"), paid.mean(0)


def _clickable(queries: TokenLayout | None, over_image: Tensor) -> Tensor | None:
    """Return the attention of each query position, (heads or 1, rows, columns, h, w); None without a complete grid.

    Args:
        queries: the layout of the queries.
        over_image: attention over the keys, (heads, queries, h, w).
    """
    placed = queries.grid_run if queries is not None else None
    if placed is None or placed[1].grid is None or not placed[1].whole:
        return None
    offset, run = placed
    heads, _, height, width = over_image.shape
    rows, columns = visible(placed[1].grid, run.cover)
    stride, average = thin_queries(heads, (rows, columns), height * width)
    sampled = over_image[:, offset : offset + run.length].reshape(heads, *placed[1].grid, height, width)
    sampled = sampled[:, :rows, :columns][:, stride // 2 :: stride, stride // 2 :: stride]
    return (sampled.mean(0, keepdim=True) if average else sampled).contiguous()


def _notes(keys: TokenLayout, run: TokenRun) -> Iterator[str]:
    """Yield what an image over one run of the keys does not show."""
    assert run.grid is not None
    if not run.whole:
        yield f"the keys are {run.length} of {run.grid[0]} x {run.grid[1]} positions; the others stay dark"
    if visible(run.grid, run.cover) != run.grid:
        yield "the padding at the bottom and right is left out"
    for other in keys.runs:
        if other.grid is not None and other is not run:
            height, width = other.grid
            yield f"{other.length} keys on a grid of {height} x {width} are not drawn"
