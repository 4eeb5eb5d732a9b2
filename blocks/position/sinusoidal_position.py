"""Sinusoidal position encoding of a sequence.

Vaswani et al., "Attention is All you Need", NeurIPS 2017, arXiv:1706.03762: sin(p / 10000^(2i / dim)) at 2i, the cosine
at 2i + 1.
"""

import math
from typing import Annotated

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper="Attention Is All You Need, Vaswani et al., 2017, arXiv:1706.03762",
    tags=("positional", "encoding", "absolute", "transformer"),
)
class SinusoidalPosition(nn.Module):
    """Add sines and cosines of the position to each token.

    Args:
        n: maximum number of tokens.
        dim: token width.
        base: the longest wavelength is about 2 pi times this.
        drop: dropout rate after the sum.

    Shape: input (N, n, dim), output (N, n, dim).

    Raises:
        ValueError: if `dim` is odd or `base` is not above 1, or the input has more than `n` tokens.
    """

    encoding: Tensor

    def __init__(
        self, n: int, dim: int, base: Annotated[float, (1, 1e9)] = 10000.0, drop: Annotated[float, (0, 1)] = 0.0
    ) -> None:
        super().__init__()
        if dim % 2:
            raise ValueError(f"dim: {dim} is odd, expected an even number for pairs of sine and cosine")
        if base <= 1:
            raise ValueError(f"base: {base} is not above 1")
        rate = torch.exp(torch.arange(0, dim, 2, dtype=torch.float64) * (-math.log(base) / dim))
        angle = torch.arange(n, dtype=torch.float64)[:, None] * rate
        encoding = torch.stack((angle.sin(), angle.cos()), dim=-1).view(1, n, dim)
        self.register_buffer("encoding", encoding.to(torch.get_default_dtype()), persistent=False)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        """Add positions to `x` (N, n, dim); returns the same shape."""
        encoding, n = self.encoding.to(x.dtype), x.shape[1]
        if n > encoding.shape[1]:
            raise ValueError(f"x: {n} tokens, but positions reach only to {encoding.shape[1]}")
        return self.drop(x + (encoding if n == encoding.shape[1] else encoding[:, :n]))
