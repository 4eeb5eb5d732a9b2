"""Square windows of a map (N, H, W, C): padding, partitioning, reversing, and the attention mask after a shift."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def pad_to_windows(x: Tensor, window_size: int) -> Tensor:
    """Pad (N, H, W, C) with zeros at the right and bottom to multiples of the window."""
    pad_h, pad_w = -x.shape[1] % window_size, -x.shape[2] % window_size
    return F.pad(x, (0, 0, 0, pad_w, 0, pad_h)) if pad_h or pad_w else x


def window_partition(x: Tensor, window_size: int) -> Tensor:
    """Cut (N, H, W, C) into (N * windows, w * w, C): windows row by row within an image, the batch slowest."""
    n, h, w, c = x.shape
    x = x.reshape(n, h // window_size, window_size, w // window_size, window_size, c)
    return x.transpose(2, 3).reshape(-1, window_size * window_size, c)


def window_reverse(windows: Tensor, window_size: int, height: int, width: int) -> Tensor:
    """Put the windows of `window_partition` back together; height and width are those of the padded map."""
    c = windows.shape[-1]
    x = windows.reshape(-1, height // window_size, width // window_size, window_size, window_size, c)
    return x.transpose(2, 3).reshape(-1, height, width, c)


def grid_partition(x: Tensor, grid_size: int) -> Tensor:
    """Cut (N, H, W, C) into (N * cells, g * g, C): the g x g tokens of one part are H/g and W/g apart."""
    n, h, w, c = x.shape
    x = x.reshape(n, grid_size, h // grid_size, grid_size, w // grid_size, c)
    return x.permute(0, 2, 4, 1, 3, 5).reshape(-1, grid_size * grid_size, c)


def grid_reverse(parts: Tensor, grid_size: int, height: int, width: int) -> Tensor:
    """Put the parts of `grid_partition` back together."""
    c = parts.shape[-1]
    x = parts.reshape(-1, height // grid_size, width // grid_size, grid_size, grid_size, c)
    return x.permute(0, 3, 1, 4, 2, 5).reshape(-1, height, width, c)


def window_shift(size: int, window_size: int, shift_size: int) -> int:
    """Shift along an axis of length `size`: 0 where one window covers the whole axis, so that nothing wraps around."""
    return shift_size if size > window_size else 0


def axis_regions(size: int, padded: int, shift: int, device: torch.device) -> Tensor:
    """Return the region of each position of an axis rolled back by `shift`: 0, 1 if it is padding, 2 if it wrapped
    around.
    """
    position = torch.arange(padded, device=device)
    return (position >= size - shift).long() + (position >= padded - shift)


def window_mask(
    size: tuple[int, int], window_size: int, shifts: tuple[int, int], device: torch.device
) -> Tensor | None:
    """Return the attention mask of each window: (windows, w * w, w * w), True where allowed; None if everything is.

    Args:
        size: height and width of the map before padding.
        window_size: side w of the windows.
        shifts: by how much the padded map was rolled up and to the left.
        device: device of the mask.
    """
    height, width = size
    pad_h, pad_w = -height % window_size, -width % window_size
    if not (pad_h or pad_w or any(shifts)):
        return None
    rows = axis_regions(height, height + pad_h, shifts[0], device)
    columns = axis_regions(width, width + pad_w, shifts[1], device)
    # Padding attends to padding, so that no row of the softmax is empty.
    regions = window_partition((3 * rows[:, None] + columns)[None, :, :, None], window_size).squeeze(-1)
    return regions[:, :, None] == regions[:, None, :]


def attend_in_windows(
    attn: Callable[[Tensor, Tensor | None], Tensor], x: Tensor, window_size: int, shift_size: int
) -> Tensor:
    """Apply `attn(windows, mask)` within the shifted windows of `x` (N, H, W, C); returns the same shape."""
    _, height, width, _ = x.shape
    shifts = window_shift(height, window_size, shift_size), window_shift(width, window_size, shift_size)
    x = pad_to_windows(x, window_size)
    padded_h, padded_w = x.shape[1:3]
    if any(shifts):
        x = torch.roll(x, (-shifts[0], -shifts[1]), (1, 2))
    mask = window_mask((height, width), window_size, shifts, x.device)
    x = window_reverse(attn(window_partition(x, window_size), mask), window_size, padded_h, padded_w)
    if any(shifts):
        x = torch.roll(x, shifts, (1, 2))
    return x[:, :height, :width]


def check_shift(window_size: int, shift_size: int) -> None:
    """Raise ValueError unless `shift_size` is at least 0 and below `window_size`."""
    if not 0 <= shift_size < window_size:
        raise ValueError(f"shift_size: {shift_size} is not in 0 .. {window_size - 1}, below window_size {window_size}")
