"""Sinusoidal position encoding of a grid of patches: half of the width encodes the column, half the row.

Beyer, Zhai, Kolesnikov, "Better plain ViT baselines for ImageNet-1k", 2022, arXiv:2205.01580, after Vaswani et al.,
2017. Order and frequencies as in its code: sin x, cos x, sin y, cos y with rates base^(-i / (dim / 4 - 1)).
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.token_grid import token_grid
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    tokens={"expects": "prefix prefix_tokens"},
    paper="Better plain ViT baselines for ImageNet-1k, Beyer et al., 2022, arXiv:2205.01580",
    tags=("positional", "encoding", "absolute", "vit", "simple vit"),
    examples=(
        {"n": 16, "dim": 32},
        {"n": 54, "dim": 64, "height": 6, "width": 9},
        {"n": 10, "dim": 96, "prefix_tokens": 1},
    ),
)
class SinCos2dPosition(nn.Module):
    """Add sines and cosines of column and row to each token.

    Args:
        n: number of tokens.
        dim: token width.
        height: rows of the grid; 0: follows from `width`, or the grid is square.
        width: columns of the grid; 0: follows from `height`, or the grid is square.
        prefix_tokens: leading tokens (class, registers) that get no position.
        base: ratio of the longest wave to the shortest.
        drop: dropout rate after the sum.

    Shape: input (N, n, dim), output (N, n, dim).

    Raises:
        ValueError: if 4 does not divide `dim`, the tokens do not fill the grid, or the input has another number of
            tokens.
    """

    encoding: Tensor

    def __init__(
        self,
        n: int,
        dim: int,
        height: int = 0,
        width: int = 0,
        prefix_tokens: int = 0,
        base: Annotated[float, (1, 1e9)] = 10000.0,
        drop: Annotated[float, (0, 1)] = 0.0,
    ) -> None:
        super().__init__()
        if dim % 4 or dim < 8:
            raise ValueError(
                f"dim: {dim} is not a multiple of 4, at least 8, as sine and cosine of row and column need"
            )
        rows, columns = token_grid(n, height, width, prefix_tokens)
        rate = base ** -(torch.arange(dim // 4, dtype=torch.float64) / (dim // 4 - 1))
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        x, y = x.reshape(-1, 1) * rate, y.reshape(-1, 1) * rate
        encoding = F.pad(torch.cat((x.sin(), x.cos(), y.sin(), y.cos()), dim=1), (0, 0, prefix_tokens, 0))
        self.register_buffer("encoding", encoding.to(torch.get_default_dtype()).unsqueeze(0), persistent=False)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        """Add positions to `x` (N, n, dim); returns the same shape."""
        if x.shape[1] != self.encoding.shape[1]:
            raise ValueError(f"x: {x.shape[1]} tokens, but there are {self.encoding.shape[1]} positions")
        return self.drop(x + self.encoding.to(x.dtype))
