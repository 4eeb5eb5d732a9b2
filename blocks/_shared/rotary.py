"""Rotary positions: pairs of features are rotated by an angle that grows with the position."""

import torch
from torch import Tensor


def check_rotary(head_dim: int, axes: int) -> None:
    """Raise ValueError unless the `head_dim` features of a head split into pairs, for each of 1 or 2 axes."""
    if head_dim % (2 * axes):
        raise ValueError(f"dim: gives heads of {head_dim} features, expected a multiple of {2 * axes} to rotate pairs")


def rotary_angles(
    n: int,
    width: int,
    base: float = 10000.0,
    dtype: torch.dtype = torch.float64,
    device: torch.device | None = None,
) -> Tensor:
    """Return the angles (n, width / 2) of the pairs of a head of `width` features at the positions 0 ... n - 1."""
    rate = base ** -(torch.arange(0, width, 2, dtype=dtype, device=device) / width)
    return torch.arange(n, dtype=dtype, device=device)[:, None] * rate


def rotary_angles_2d(
    height: int,
    width: int,
    head_width: int,
    base: float = 10000.0,
    dtype: torch.dtype = torch.float64,
    device: torch.device | None = None,
) -> Tensor:
    """Return the angles (height * width, head_width / 2): the first half of the pairs rotates by row, the rest by
    column.
    """
    rows = rotary_angles(height, head_width // 2, base, dtype, device).repeat_interleave(width, dim=0)
    columns = rotary_angles(width, head_width // 2, base, dtype, device).repeat(height, 1)
    return torch.cat((rows, columns), dim=1)


def apply_rotary(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the pairs (2i, 2i + 1) of `x` (..., n, width) by angles with `cos` and `sin` (n, width / 2); returns the
    same shape.
    """
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    pairs = x.unflatten(-1, (-1, 2))
    # Whole pairs and their swapped copies: slices of even or odd features would be strided reads and writes.
    cos, sin = torch.stack((cos, cos), dim=-1), torch.stack((-sin, sin), dim=-1)
    return torch.addcmul(pairs * cos, pairs.flip(-1), sin).flatten(-2)
