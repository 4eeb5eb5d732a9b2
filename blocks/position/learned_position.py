"""Learned position embedding, one vector per position.

Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, arXiv:2010.11929. Starts at N(0, 0.02) truncated at +-2
as in timm 1.0.31.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper=(
        "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale, Dosovitskiy et al., 2020, "
        "arXiv:2010.11929"
    ),
    tags=("positional", "embedding", "absolute", "vit"),
    no_decay=("position",),
)
class LearnedPosition(nn.Module):
    """Add a learned vector to the token at each position.

    Args:
        n: number of tokens, class token included if there is one.
        dim: token width.
        drop: dropout rate after the sum.

    Shape: input (N, n, dim), output (N, n, dim).

    Raises:
        ValueError: if the input has another number of tokens.
    """

    def __init__(self, n: int, dim: int, drop: Annotated[float, (0, 1)] = 0.0) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.empty(1, n, dim))
        nn.init.trunc_normal_(self.position, std=0.02)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        """Add positions to `x` (N, n, dim); returns the same shape."""
        if x.shape[1] != self.position.shape[1]:
            raise ValueError(f"x: {x.shape[1]} tokens, but positions for {self.position.shape[1]} are learned")
        return self.drop(x + self.position)
