"""Convolutional stem: two 3x3 convolutions, the first of which halves the image.

Dai, Liu, Le, Tan, "CoAtNet: Marrying Convolution and Attention for All Data Sizes", NeurIPS 2021, arXiv:2106.04803
(stage S0). As in timm 1.0.31 (maxxvit.Stem) the second convolution has no normalisation: the next block begins with
one.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.activations import make_activation
from blocks._shared.channels import check_odd, init_convolutions
from blocks._shared.choices import check_positive
from blocks._shared.map_norms import make_map_norm
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="CoAtNet: Marrying Convolution and Attention for All Data Sizes, Dai et al., 2021, arXiv:2106.04803",
    tags=("stem", "coatnet", "maxvit", "downsample"),
    aliases={"in_channels": "c"},
)
class ConvStem(nn.Module):
    """Turn an image into a feature map by a strided convolution, a norm, an activation and a second convolution.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        hidden_channels: width between the two convolutions; empty: out_channels.
        kernel_size: side of both kernels, odd.
        stride: stride of the first convolution.
        bias: whether the convolutions have a bias.
        norm: normalisation after the first convolution.
        act: activation after the first convolution.
        norm_eps: term under the root of the normalisation.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if out_channels is not positive or kernel_size is even.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        hidden_channels: int | None = None,
        kernel_size: int = 3,
        stride: Annotated[int, (1, 8)] = 2,
        bias: bool = False,
        norm: Literal["batch", "layer", "group", "none"] = "batch",
        act: Literal["relu", "gelu", "silu", "hardswish", "none"] = "gelu",
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        check_odd("kernel_size", kernel_size)
        hidden_channels = hidden_channels or out_channels
        check_positive(out_channels=out_channels, hidden_channels=hidden_channels)
        padding = kernel_size // 2
        self.conv1 = nn.Conv2d(in_channels, hidden_channels, kernel_size, stride, padding, bias=bias)
        self.norm = make_map_norm(norm, hidden_channels, norm_eps)
        self.act = make_activation(act)
        self.conv2 = nn.Conv2d(hidden_channels, out_channels, kernel_size, 1, padding, bias=bias)
        init_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        """Embed `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        return self.conv2(self.act(self.norm(self.conv1(x))))
