"""Rotary position embedding: queries and keys are rotated by their position, so that their product depends on the
distance.

Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021, arXiv:2104.09864: the pair (2i, 2i +
1) at position p is rotated by p / base^(2i / d). In "2d", half of the pairs is rotated by the row and half by the
column of the patch grid.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_choice
from blocks._shared.rotary import apply_rotary, check_rotary, rotary_angles, rotary_angles_2d
from blocks._shared.token_grid import token_grid
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    tokens={"expects": "prefix prefix_tokens"},
    paper="RoFormer: Enhanced Transformer with Rotary Position Embedding, Su et al., 2021, arXiv:2104.09864",
    tags=("rope", "positional", "relative", "rotary"),
)
class RotaryPosition(nn.Module):
    """Rotate queries or keys by their position; place it between their projection and an Attend.

    Args:
        n: maximum number of tokens; in "2d" their exact number.
        dim: token width.
        num_heads: number of heads that the attention splits the width into; each is rotated alike.
        axes: "1d" counts along the sequence, "2d" along rows and columns of a grid.
        height: rows of the grid in "2d"; 0: follows from `width`, or the grid is square.
        width: columns of the grid in "2d"; 0: follows from `height`, or the grid is square.
        prefix_tokens: leading tokens (class, registers) that are not rotated.
        base: ratio of the longest rotation period to the shortest.

    Shape: input (N, n, dim), output (N, n, dim).

    Raises:
        ValueError: if the width of a head does not split into pairs (2d: twice), the tokens do not fill the grid, or
            are too many.
    """

    cos: Tensor
    sin: Tensor

    def __init__(
        self,
        n: int,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 1,
        axes: Literal["1d", "2d"] = "1d",
        height: int = 0,
        width: int = 0,
        prefix_tokens: int = 0,
        base: Annotated[float, (1, 1e9)] = 10000.0,
    ) -> None:
        super().__init__()
        check_choice("axes", axes, "1d", "2d")
        if num_heads < 1 or dim % num_heads:
            raise ValueError(f"num_heads: {num_heads} does not divide dim {dim}")
        head = dim // num_heads
        check_rotary(head, 1 if axes == "1d" else 2)
        if not 0 <= prefix_tokens < n:
            raise ValueError(f"prefix_tokens: {prefix_tokens} is not from 0 to below {n}")
        self.num_heads = num_heads
        self.whole = axes == "2d"
        if self.whole:
            angles = rotary_angles_2d(*token_grid(n, height, width, prefix_tokens), head, base)
        else:
            angles = rotary_angles(n - prefix_tokens, head, base)
        angles = F.pad(angles, (0, 0, prefix_tokens, 0))
        self.register_buffer("cos", angles.cos().to(torch.get_default_dtype()), persistent=False)
        self.register_buffer("sin", angles.sin().to(torch.get_default_dtype()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Rotate `x` (N, n, dim); returns the same shape."""
        n = x.shape[1]
        if n > len(self.cos) or (self.whole and n < len(self.cos)):
            raise ValueError(f"x: {n} tokens, but there are {len(self.cos)} positions")
        return apply_rotary(x.unflatten(2, (self.num_heads, -1)), self.cos[:n, None], self.sin[:n, None]).flatten(2)
