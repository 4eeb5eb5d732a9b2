"""Attention biases that depend on the offset between two positions of a grid."""

import torch
from torch import Tensor, nn


def relative_position_index(height: int, width: int) -> Tensor:
    """Return the index of the offset from position i to position j of a grid: (h * w, h * w), below (2h - 1)(2w -
    1).
    """
    # The index is linear in both positions, so it is a single difference.
    step = 2 * width - 1
    positions = (torch.arange(height)[:, None] * step + torch.arange(width)).flatten()
    return (positions + ((height - 1) * step + width - 1))[:, None] - positions


class RelativePositionTable(nn.Module):
    """One learned number for each head and each offset of a height x width grid: w_(i-j) of CoAtNet, B of Swin.

    Same table, index and initialisation (normal, std 0.02) as `RelPosBias` of timm 1.0.31 and the table of Swin's
    window attention.
    """

    index: Tensor

    def __init__(self, height: int, width: int, num_heads: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty((2 * height - 1) * (2 * width - 1), num_heads))
        self.register_buffer("index", relative_position_index(height, width).flatten(), persistent=False)
        self.tokens = height * width
        nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self) -> Tensor:
        """Return the bias (heads, h * w, h * w)."""
        return self.table.index_select(0, self.index).view(self.tokens, self.tokens, -1).permute(2, 0, 1)
