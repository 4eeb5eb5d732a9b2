"""Sums over a k x k footprint around every position, one offset at a time, without the k * k copies that an unfold
would hold in memory.

A padded map is read through shifted views, so that the backward pass stores only the map itself.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F


def pad_footprint(x: Tensor, kernel_size: int, mode: str = "constant") -> Tensor:
    """Pad the last two axes of `x` (N, C, H, W) so that every position has a whole footprint; mode is that of F.pad."""
    reach = kernel_size // 2
    if mode == "reflect" and min(x.shape[2:]) <= reach:
        raise ValueError(
            f"x: a map of {x.shape[2]} x {x.shape[3]} is too small: kernel_size {kernel_size} needs {reach + 1} a side"
        )
    return F.pad(x, (reach, reach, reach, reach), mode=mode) if reach else x


def footprint_views(padded: Tensor, kernel_size: int, stride: int = 1) -> Iterator[Tensor]:
    """Yield views (..., H, W) of `padded`, one for each offset of the footprint, row by row; every stride-th
    position.
    """
    height, width = padded.shape[-2] - kernel_size + 1, padded.shape[-1] - kernel_size + 1
    for row in range(kernel_size):
        # Rows first: the gradients of the columns of a strip are accumulated in the strip, not in the whole map.
        strip = padded[..., row : row + height : stride, :]
        for column in range(kernel_size):
            yield strip[..., column : column + width : stride]


def footprints(padded: Tensor, kernel_size: int, stride: int = 1) -> Tensor:
    """Return the footprint of every stride-th position as a view (..., H, W, k, k); for results of that size anyway."""
    return padded.unfold(-2, kernel_size, stride).unfold(-2, kernel_size, stride)


def footprint_logits(q: Tensor, padded_k: Tensor, kernel_size: int, stride: int = 1) -> Tensor:
    """Return the products (N, heads, H, W, k * k) of q (N, heads, d, H, W) with the keys of its footprint."""
    return torch.stack([(q * k).sum(dim=2) for k in footprint_views(padded_k, kernel_size, stride)], dim=-1)


def footprint_sum(weights: Tensor, padded_v: Tensor, kernel_size: int, stride: int = 1) -> Tensor:
    """Sum the values of each footprint with weights (N, groups, H, W, k * k); returns (N, groups, d, H, W)."""
    views = zip(weights[:, :, None].unbind(dim=-1), footprint_views(padded_v, kernel_size, stride), strict=True)
    weight, v = next(views)
    total = weight * v
    for weight, v in views:
        total = torch.addcmul(total, weight, v)
    return total


def footprint_inside(height: int, width: int, kernel_size: int, stride: int, device: torch.device) -> Tensor:
    """Return whether each position of a footprint is inside the map: (H, W, k * k)."""
    inside = pad_footprint(torch.ones(1, 1, height, width, dtype=torch.bool, device=device), kernel_size)[0, 0]
    return footprints(inside, kernel_size, stride).flatten(-2)
