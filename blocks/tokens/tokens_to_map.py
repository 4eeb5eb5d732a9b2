"""Reshapes a sequence of tokens to a map, row by row."""

from torch import Tensor, nn

from blocks._shared.token_grid import token_grid
from blocks.spec import block


@block(
    shape="b n dim -> b dim rows columns",
    tokens={"out": "select prefix_tokens None", "expects": "prefix prefix_tokens"},
    tags=("unflatten", "reshape", "grid"),
    examples=(
        {"n": 16, "dim": 32},
        {"n": 54, "dim": 64, "height": 6, "width": 9},
        {"n": 10, "dim": 96, "prefix_tokens": 1},
    ),
    converts="tokens -> map",
)
class TokensToMap(nn.Module):
    """Reshape tokens to a map.

    Args:
        height: rows H of the map; 0: follows from `width`, or the map is square.
        width: columns W of the map; 0: follows from `height`, or the map is square.
        prefix_tokens: leading tokens (class, registers) that are omitted.

    Shape: input (N, n, dim) with n = prefix_tokens + H * W, output (N, dim, H, W).

    Raises:
        ValueError: if the tokens do not fill the map.
    """

    def __init__(self, height: int = 0, width: int = 0, prefix_tokens: int = 0) -> None:
        super().__init__()
        self.height = height
        self.width = width
        self.prefix_tokens = prefix_tokens

    def forward(self, x: Tensor) -> Tensor:
        """Reshape `x` (N, n, dim); returns (N, dim, H, W)."""
        grid = token_grid(x.shape[1], self.height, self.width, self.prefix_tokens)
        return x[:, self.prefix_tokens :].transpose(1, 2).unflatten(2, grid)
