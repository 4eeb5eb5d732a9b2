"""Convolutional tokenizer: overlapping convolutions and max pooling turn an image into tokens.

Hassani et al., "Escaping the Big Data Paradigm with Compact Transformers", 2021, arXiv:2104.05704 (CCT).
Built as vit-pytorch 1.26 does: convolution without bias, activation, max pooling, repeated; kernels initialised after
He et al.
"""

from itertools import pairwise
from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.activations import make_activation
from blocks._shared.channels import check_odd
from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b c h w -> b ((h-1)//(stride*pool_stride)**layers+1)*((w-1)//(stride*pool_stride)**layers+1) dim",
    tokens="grid",
    paper="Escaping the Big Data Paradigm with Compact Transformers, Hassani et al., 2021, arXiv:2104.05704",
    tags=("cct", "compact convolutional transformer", "tokens", "stem"),
    aliases={"in_channels": "c"},
)
class ConvTokenizer(nn.Module):
    """Embed an image as tokens by convolutions that overlap, each followed by max pooling.

    Args:
        in_channels: number of input channels.
        dim: width of a token.
        layers: number of layers of convolution, activation and pooling.
        hidden_channels: width between the layers.
        kernel_size: side of the kernels, odd.
        stride: stride of the convolutions.
        pool_kernel_size: side of the pooling windows, odd; 1 omits the pooling if pool_stride is 1 too.
        pool_stride: stride of the pooling.
        bias: whether the convolutions have a bias.
        act: activation after each convolution.

    Shape: input (N, C, H, W), output (N, tokens, dim); each layer divides height and width by stride * pool_stride,
    rounded up.

    Raises:
        ValueError: if a width is not positive, or kernel_size or pool_kernel_size is even.
    """

    def __init__(
        self,
        in_channels: int,
        dim: int = 256,
        layers: Annotated[int, (1, 6)] = 1,
        hidden_channels: int = 64,
        kernel_size: int = 7,
        stride: Annotated[int, (1, 8)] = 2,
        pool_kernel_size: int = 3,
        pool_stride: Annotated[int, (1, 8)] = 2,
        bias: bool = False,
        act: Literal["relu", "gelu", "silu", "none"] = "relu",
    ) -> None:
        super().__init__()
        check_positive(dim=dim, hidden_channels=hidden_channels)
        check_odd("kernel_size", kernel_size)
        check_odd("pool_kernel_size", pool_kernel_size)
        self.layers, self.stride, self.pool_stride = layers, stride, pool_stride
        widths = [in_channels, *[hidden_channels] * (layers - 1), dim]
        self.rounds = nn.Sequential()
        for width_in, width_out in pairwise(widths):
            conv = nn.Conv2d(width_in, width_out, kernel_size, stride, kernel_size // 2, bias=bias)
            nn.init.kaiming_normal_(conv.weight)
            pool = nn.MaxPool2d(pool_kernel_size, pool_stride, pool_kernel_size // 2)
            self.rounds.append(nn.Sequential(conv, make_activation(act), pool))

    def forward(self, x: Tensor) -> Tensor:
        """Embed `x` (N, C, H, W); returns (N, tokens, dim), row by row."""
        return self.rounds(x).flatten(2).transpose(1, 2)
