"""Depthwise separable convolution: one kernel per channel, then a 1x1 convolution that mixes the channels.

Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017,
arXiv:1704.04861. `pointwise_act=False` is the linear second half of MobileNetV2 and of the first block of EfficientNet
(timm 1.0.31).
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks.conv.conv_norm_act import ConvNormAct
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper=(
        "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, Howard et al., 2017, "
        "arXiv:1704.04861"
    ),
    tags=("mobilenet", "depthwise", "pointwise", "xception"),
    aliases={"in_channels": "c"},
)
class DepthwiseSeparableConv(nn.Module):
    """Convolve each channel separately, then mix the channels by a 1x1 convolution.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        kernel_size: side of the depthwise kernel, odd.
        stride: stride of the depthwise convolution.
        dilation: dilation of the depthwise convolution.
        norm: normalisation after each convolution.
        act: activation after each normalisation.
        pointwise_act: whether the activation also follows the 1x1 convolution.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if out_channels is not positive or kernel_size is even.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        kernel_size: int = 3,
        stride: Annotated[int, (1, 8)] = 1,
        dilation: Annotated[int, (1, 32)] = 1,
        norm: Literal["batch", "layer", "group", "none"] = "batch",
        act: Literal["relu", "relu6", "gelu", "silu", "hardswish", "none"] = "relu",
        pointwise_act: bool = True,
    ) -> None:
        super().__init__()
        self.depthwise = ConvNormAct(
            in_channels,
            in_channels,
            kernel_size,
            stride,
            dilation,
            groups=in_channels,
            bias=norm == "none",
            norm=norm,
            act=act,
        )
        self.pointwise = ConvNormAct(
            in_channels, out_channels, 1, bias=norm == "none", norm=norm, act=act if pointwise_act else "none"
        )

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        return self.pointwise(self.depthwise(x))
