"""Attention within parts of a map whose tokens are spread evenly over the whole map."""

from collections.abc import Callable

from torch import Tensor

from blocks._shared.windows import axis_regions, grid_partition, grid_reverse, pad_to_windows


def attend_in_grid(attn: Callable[[Tensor, Tensor | None], Tensor], x: Tensor, grid_size: int) -> Tensor:
    """Apply `attn(parts, mask)` within the parts of g x g tokens of `x` (N, H, W, C); returns the same shape.

    The map is padded at the right and bottom to a multiple of g; `mask` (cells, g * g, g * g) is True where a token may
    attend, None where nothing was padded.
    """
    _, height, width, _ = x.shape
    x = pad_to_windows(x, grid_size)
    padded_h, padded_w = x.shape[1:3]
    mask = None
    if (padded_h, padded_w) != (height, width):
        rows = axis_regions(height, padded_h, 0, x.device)
        columns = axis_regions(width, padded_w, 0, x.device)
        regions = grid_partition((3 * rows[:, None] + columns)[None, :, :, None], grid_size).squeeze(-1)
        mask = regions[:, :, None] == regions[:, None, :]
    x = grid_reverse(attn(grid_partition(x, grid_size), mask), grid_size, padded_h, padded_w)
    return x[:, :height, :width]
