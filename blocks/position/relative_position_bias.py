"""Relative position bias: one learned number for each head and offset, added to attention scores before the softmax.

Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", ICCV 2021, arXiv:2103.14030,
applied to the whole grid. Pairs with a class token or register get 0 (BEiT learns three more numbers for them).
"""

from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_positive
from blocks._shared.relative_position import RelativePositionTable
from blocks._shared.token_grid import token_grid
from blocks.spec import block


@block(
    shape="b n dim -> b num_heads n n",
    tokens={"out": "lost", "expects": "prefix prefix_tokens"},
    paper="Swin Transformer: Hierarchical Vision Transformer using Shifted Windows, Liu et al., 2021, arXiv:2103.14030",
    tags=("rpb", "positional", "relative", "swin", "bias"),
    examples=(
        {"n": 16, "dim": 32},
        {"n": 54, "dim": 64, "height": 6, "width": 9},
        {"n": 10, "dim": 96, "prefix_tokens": 1},
    ),
    exceptions={"input_gradient": "of the input only the number of tokens matters"},
    no_decay=("bias.table",),
)
class RelativePositionBias(nn.Module):
    """Return the bias for an attention's `bias` port; only the number of tokens matters, not their values.

    Args:
        n: number of tokens.
        num_heads: number of heads of the attention.
        height: rows of the grid; 0: follows from `width`, or the grid is square.
        width: columns of the grid; 0: follows from `height`, or the grid is square.
        prefix_tokens: leading tokens (class, registers) outside the grid.

    Shape: input (N, n, dim), output (N, num_heads, n, n).

    Raises:
        ValueError: if the tokens do not fill the grid, or the input has another number of tokens.
    """

    def __init__(
        self, n: int, num_heads: Annotated[int, (1, 64)] = 4, height: int = 0, width: int = 0, prefix_tokens: int = 0
    ) -> None:
        super().__init__()
        check_positive(num_heads=num_heads)
        rows, columns = token_grid(n, height, width, prefix_tokens)
        self.n = n
        self.prefix_tokens = prefix_tokens
        self.bias = RelativePositionTable(rows, columns, num_heads)

    def forward(self, x: Tensor) -> Tensor:
        """Return the bias for `x` (N, n, dim); returns (N, num_heads, n, n)."""
        if x.shape[1] != self.n:
            raise ValueError(f"x: {x.shape[1]} tokens, but there are distances for {self.n}")
        bias = self.bias()
        if self.prefix_tokens:
            bias = F.pad(bias, (self.prefix_tokens, 0, self.prefix_tokens, 0))
        return bias.to(x.dtype).expand(x.shape[0], -1, -1, -1)
