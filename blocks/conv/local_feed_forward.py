"""Feed-forward network with a depthwise convolution over the token grid, which brings locality into a transformer.

Li, Zhang, Cao, Timofte, Van Gool, "LocalViT: Bringing Locality to Vision Transformers", 2021, arXiv:2104.05707.
As in the authors' code every convolution has a batch norm, the skip connection is inside, and class tokens pass through
unchanged. vit-pytorch 1.26 has a layer norm in front and another 1x1 convolution instead (its forward raises an error).
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from blocks._shared.gates import make_gate_block
from blocks._shared.token_grid import token_grid
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    tokens={"expects": "prefix prefix_tokens"},
    paper="LocalViT: Bringing Locality to Vision Transformers, Li et al., 2021, arXiv:2104.05707",
    tags=("localvit", "mlp", "ffn", "inverted residual", "depthwise"),
    examples=(
        {"n": 16, "dim": 32},
        {"n": 54, "dim": 64, "height": 6, "width": 9},
        {"n": 10, "dim": 96, "prefix_tokens": 1, "attention": "se"},
    ),
)
class LocalFeedForward(nn.Module):
    """Lay the tokens out as a map, expand, convolve each channel, project, add the input.

    Args:
        dim: width of a token.
        mlp_ratio: ratio of the hidden width to dim.
        kernel_size: side of the depthwise kernel, odd.
        attention: gate on the channels after the depthwise convolution.
        act: activation after the first two convolutions.
        height: rows of the token grid; 0: follows from `width`, or the grid is square.
        width: columns of the token grid; 0: follows from `height`, or the grid is square.
        prefix_tokens: leading tokens (class, registers) that are passed on unchanged.

    Shape: input (N, n, dim), output (N, n, dim).

    Raises:
        ValueError: if kernel_size is even or the tokens do not fill the grid.
    """

    def __init__(
        self,
        dim: int,
        mlp_ratio: Annotated[float, (0.25, 16)] = 4.0,
        kernel_size: int = 3,
        attention: Literal["none", "se", "eca"] = "none",
        act: Literal["relu", "relu6", "gelu", "silu", "hardswish"] = "hardswish",
        height: int = 0,
        width: int = 0,
        prefix_tokens: int = 0,
    ) -> None:
        super().__init__()
        self.height, self.width, self.prefix_tokens = height, width, prefix_tokens
        hidden = int(dim * mlp_ratio)
        self.layers = nn.Sequential(
            ConvNormAct(dim, hidden, 1, act=act),
            ConvNormAct(hidden, hidden, kernel_size, groups=hidden, act=act),
            make_gate_block(attention, hidden),
            ConvNormAct(hidden, dim, 1, act="none"),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` (N, n, dim); returns the same shape."""
        grid = token_grid(x.shape[1], self.height, self.width, self.prefix_tokens)
        prefix, tokens = (
            x.split((self.prefix_tokens, x.shape[1] - self.prefix_tokens), dim=1) if self.prefix_tokens else (None, x)
        )
        tokens = tokens + self.layers(tokens.transpose(1, 2).unflatten(2, grid)).flatten(2).transpose(1, 2)
        return tokens if prefix is None else torch.cat([prefix, tokens], dim=1)
