"""Relative positions within a grid, as the tables of Swin and its kin are indexed."""

import torch
from torch import Tensor


def relative_offsets(height: int, width: int) -> Tensor:
    """Return all (dy, dx) of a grid, ((2 * height - 1) * (2 * width - 1), 2) int64, from (1 - height, 1 - width) on, rows first."""
    dy, dx = torch.meshgrid(torch.arange(1 - height, height), torch.arange(1 - width, width), indexing="ij")
    return torch.stack((dy, dx), dim=-1).view(-1, 2)


def relative_index(height: int, width: int) -> Tensor:
    """Return for each pair of positions i, j (rows first) the row of `relative_offsets` that is i - j, (h * w, h * w) int64."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    y, x = y.flatten(), x.flatten()
    return (y[:, None] - y + height - 1) * (2 * width - 1) + x[:, None] - x + width - 1
