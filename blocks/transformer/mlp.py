"""Multilayer perceptron: the feed-forward half of a transformer layer.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762; GELU as in Dosovitskiy et al., "An Image is
Worth 16x16 Words", ICLR 2021, arXiv:2010.11929. Same parameters as `Mlp` of timm 1.0.31.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.activations import make_activation
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper="Attention Is All You Need, Vaswani et al., 2017, arXiv:1706.03762",
    tags=("feed-forward", "ffn", "perceptron"),
)
class Mlp(nn.Module):
    """Expand every token, apply an activation, and project back to its width.

    Args:
        dim: token width.
        mlp_ratio: hidden width as a multiple of dim.
        act: activation between the two linear layers.
        drop: dropout after each linear layer.
        bias: whether the linear layers have biases.

    Shape: input (N, n, dim), output (N, n, dim); any number of axes before dim.

    Raises:
        ValueError: if the hidden width is below 1.
    """

    def __init__(
        self,
        dim: int,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 4.0,
        act: Literal["gelu", "relu", "silu", "hardswish"] = "gelu",
        drop: Annotated[float, (0.0, 1.0)] = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        hidden = int(dim * mlp_ratio)
        if hidden < 1:
            raise ValueError(f"mlp_ratio: {mlp_ratio} of dim {dim} leaves no hidden unit")
        self.fc1 = nn.Linear(dim, hidden, bias=bias)
        self.act = make_activation(act)
        self.fc2 = nn.Linear(hidden, dim, bias=bias)
        self.drop = nn.Dropout(drop)
        init_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """Transform each token of `x` (N, n, dim); returns the same shape."""
        return self.drop(self.fc2(self.drop(self.act(self.fc1(x)))))
