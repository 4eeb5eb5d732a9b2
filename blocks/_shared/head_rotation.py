"""Rotary positions of the queries and keys inside an attention, for any number of tokens."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.rotary import apply_rotary, check_rotary, rotary_angles, rotary_angles_2d
from blocks._shared.token_grid import token_grid


class HeadRotation(nn.Module):
    """Rotate the heads by the position of their token, along the sequence (`axes` 1) or along rows and columns (2).

    `height` and `width` are those of the grid, 0 where they follow from the number of tokens; the first
    `prefix_tokens` are not rotated. Same rotation as `RotaryPosition`, which needs the number of tokens beforehand.
    """

    def __init__(self, head_dim: int, axes: int, height: int, width: int, prefix_tokens: int) -> None:
        super().__init__()
        check_rotary(head_dim, axes)
        self.axes = axes
        self.grid = (height, width)
        self.prefix_tokens = prefix_tokens

    def forward(self, x: Tensor) -> Tensor:
        """Rotate `x` (N, heads, n, d); returns the same shape."""
        n, head_dim = x.shape[-2:]
        # bfloat16 cannot represent every integer beyond 256.
        dtype = torch.promote_types(x.dtype, torch.float32)
        if self.axes == 2:
            rows, columns = token_grid(n, *self.grid, self.prefix_tokens)
            angles = rotary_angles_2d(rows, columns, head_dim, dtype=dtype, device=x.device)
        else:
            angles = rotary_angles(n - self.prefix_tokens, head_dim, dtype=dtype, device=x.device)
        angles = F.pad(angles, (0, 0, self.prefix_tokens, 0))
        return apply_rotary(x, angles.cos(), angles.sin())
