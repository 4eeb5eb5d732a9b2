"""Dynamic position bias: a small network computes the attention bias from the distance, so any grid size has one.

Wang et al., "CrossFormer: A Versatile Vision Transformer Hinging on Cross-scale Attention", ICLR 2022,
arXiv:2108.00154. Layers as in vit-pytorch 1.26.11, which has no residual connections and one bias for all heads; here
each head has its own, as in the paper.
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_positive
from blocks._shared.relative_position import relative_position_index
from blocks._shared.token_grid import token_grid
from blocks.spec import block


@block(
    shape="b n dim -> b num_heads n n",
    tokens={"out": "lost", "expects": "prefix prefix_tokens"},
    paper=(
        "CrossFormer: A Versatile Vision Transformer Hinging on Cross-scale Attention, Wang et al., 2021, "
        "arXiv:2108.00154"
    ),
    tags=("dpb", "positional", "relative", "crossformer", "bias"),
    examples=(
        {"n": 16, "dim": 32},
        {"n": 54, "dim": 64, "height": 6, "width": 9},
        {"n": 10, "dim": 96, "prefix_tokens": 1},
    ),
    exceptions={"input_gradient": "of the input only the number of tokens matters"},
)
class DynamicPositionBias(nn.Module):
    """Return the bias for an attention's `bias` port; only the number of tokens matters, not their values.

    Args:
        n: number of tokens.
        num_heads: number of heads of the attention.
        hidden_dim: width of the network; a quarter of the token width in CrossFormer.
        height: rows of the grid; 0: follows from `width`, or the grid is square.
        width: columns of the grid; 0: follows from `height`, or the grid is square.
        prefix_tokens: leading tokens (class, registers) outside the grid; their pairs get 0.
        norm_eps: term under the root of the layer norms.

    Shape: input (N, n, dim), output (N, num_heads, n, n).

    Raises:
        ValueError: if the tokens do not fill the grid, or the input has another number of tokens.
    """

    index: Tensor
    offsets: Tensor

    def __init__(
        self,
        n: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        hidden_dim: Annotated[int, (1, 1024)] = 16,
        height: int = 0,
        width: int = 0,
        prefix_tokens: int = 0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        check_positive(num_heads=num_heads, hidden_dim=hidden_dim)
        rows, columns = token_grid(n, height, width, prefix_tokens)
        self.n = n
        self.prefix_tokens = prefix_tokens
        layers: list[nn.Module] = []
        for width_in in (2, hidden_dim, hidden_dim):
            layers += [nn.Linear(width_in, hidden_dim), nn.LayerNorm(hidden_dim, eps=norm_eps), nn.ReLU()]
        self.mlp = nn.Sequential(*layers, nn.Linear(hidden_dim, num_heads))
        offsets = torch.cartesian_prod(torch.arange(1 - rows, rows), torch.arange(1 - columns, columns))
        self.register_buffer("index", relative_position_index(rows, columns), persistent=False)
        self.register_buffer("offsets", offsets.to(torch.get_default_dtype()), persistent=False)

    def bias(self) -> Tensor:
        """Return the bias (num_heads, n, n)."""
        bias = (
            self.mlp(self.offsets).index_select(0, self.index.flatten()).unflatten(0, self.index.shape).permute(2, 0, 1)
        )
        return F.pad(bias, (self.prefix_tokens, 0, self.prefix_tokens, 0)) if self.prefix_tokens else bias

    def forward(self, x: Tensor) -> Tensor:
        """Return the bias for `x` (N, n, dim); returns (N, num_heads, n, n)."""
        if x.shape[1] != self.n:
            raise ValueError(f"x: {x.shape[1]} tokens, but there are distances for {self.n}")
        return self.bias().to(x.dtype).expand(x.shape[0], -1, -1, -1)
