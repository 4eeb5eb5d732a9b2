"""Gated MLP (SwiGLU and its relatives): one linear layer gates another before the output projection.

Shazeer, "GLU Variants Improve Transformer", 2020, arXiv:2002.05202. Same parameters as `SwiGLU` of timm 1.0.31.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.activations import make_activation
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper="GLU Variants Improve Transformer, Shazeer, 2020, arXiv:2002.05202",
    tags=("swiglu", "geglu", "glu", "feed-forward", "ffn"),
)
class GatedMlp(nn.Module):
    """Project every token by act(W x) * V x and back.

    Args:
        dim: token width.
        mlp_ratio: hidden width as a multiple of dim; 8/3 has as many parameters as an Mlp of ratio 4.
        act: activation of the gate: silu is SwiGLU, gelu GEGLU, relu ReGLU, none the bilinear form.
        drop: dropout of the hidden units and of the output.
        bias: whether the linear layers have biases.

    Shape: input (N, n, dim), output (N, n, dim); any number of axes before dim.

    Raises:
        ValueError: if the hidden width is below 1.
    """

    def __init__(
        self,
        dim: int,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 2.6667,
        act: Literal["silu", "gelu", "relu", "none"] = "silu",
        drop: Annotated[float, (0.0, 1.0)] = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        hidden = int(dim * mlp_ratio)
        if hidden < 1:
            raise ValueError(f"mlp_ratio: {mlp_ratio} of dim {dim} leaves no hidden unit")
        self.fc_gate = nn.Linear(dim, hidden, bias=bias)
        self.fc_value = nn.Linear(dim, hidden, bias=bias)
        self.act = make_activation(act)
        self.fc_out = nn.Linear(hidden, dim, bias=bias)
        self.drop = nn.Dropout(drop)
        init_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """Transform each token of `x` (N, n, dim); returns the same shape."""
        return self.drop(self.fc_out(self.drop(self.act(self.fc_gate(x)) * self.fc_value(x))))
