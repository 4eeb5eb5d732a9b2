"""Inverted residual block of MobileNetV2 and EfficientNet: expand, depthwise convolution, squeeze-and-excite, project.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, arXiv:1801.04381 (se_ratio=0,
act="relu6"); Tan, Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019,
arXiv:1905.11946. As in EfficientNet and timm 1.0.31 the squeeze ratio is relative to the block's input channels, not to
the expanded ones.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks.channel_attention.squeeze_excite import SqueezeExcite
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.spec import block
from blocks.transformer.drop_path import DropPath


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper=(
        "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, Tan and Le, 2019, arXiv:1905.11946"
    ),
    maps={"se.gate": "channel"},
    tags=("efficientnet", "mobilenetv2", "inverted residual", "depthwise"),
    aliases={"in_channels": "c"},
    rates=("drop_path",),
)
class MBConv(nn.Module):
    """Expand by a 1x1 convolution, convolve each channel, gate, project back; add the input where the shapes agree.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        kernel_size: side of the depthwise kernel, odd.
        stride: stride of the depthwise convolution.
        expand_ratio: ratio of the expanded width to in_channels; 1 omits the expansion.
        se_ratio: ratio of the squeeze width to in_channels; 0 omits the squeeze-and-excite.
        act: activation of the expanded layers and of the squeeze.
        drop_path: probability of dropping the residual branch of a sample in training.
        norm_eps: term under the root of the batch norms (the TensorFlow code of EfficientNet: 1e-3).
        skip: whether the input is added where the shapes agree.

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
        expand_ratio: Annotated[float, (1, 16)] = 4.0,
        se_ratio: Annotated[float, (0, 1)] = 0.25,
        act: Literal["relu", "relu6", "gelu", "silu", "hardswish"] = "silu",
        drop_path: Annotated[float, (0, 1)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
        skip: bool = True,
    ) -> None:
        super().__init__()
        hidden = round(in_channels * expand_ratio)
        self.expand = (
            ConvNormAct(in_channels, hidden, 1, act=act, norm_eps=norm_eps) if expand_ratio != 1 else nn.Identity()
        )
        self.depthwise = ConvNormAct(hidden, hidden, kernel_size, stride, groups=hidden, act=act, norm_eps=norm_eps)
        squeezed = max(1, round(in_channels * se_ratio))
        self.se = SqueezeExcite(hidden, hidden_channels=squeezed, act=act) if se_ratio else nn.Identity()
        self.project = ConvNormAct(hidden, out_channels, 1, act="none", norm_eps=norm_eps)
        self.residual = skip and stride == 1 and in_channels == out_channels
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        y = self.project(self.se(self.depthwise(self.expand(x))))
        return x + self.drop_path(y) if self.residual else y
