"""Fused inverted residual block: one 3x3 convolution replaces the expansion and the depthwise convolution of MBConv.

Tan, Le, "EfficientNetV2: Smaller Models and Faster Training", ICML 2021, arXiv:2104.00298.
With expand_ratio 1 it is one convolution with norm and activation, as in the authors' code, torchvision 0.28 and timm
1.0.31.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks.channel_attention.squeeze_excite import SqueezeExcite
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.spec import block
from blocks.transformer.drop_path import DropPath


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="EfficientNetV2: Smaller Models and Faster Training, Tan and Le, 2021, arXiv:2104.00298",
    tags=("efficientnetv2", "edge residual", "inverted residual"),
    aliases={"in_channels": "c"},
    rates=("drop_path",),
)
class FusedMBConv(nn.Module):
    """Expand by a 3x3 convolution, project by a 1x1 one; add the input where the shapes agree.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        kernel_size: side of the kernel, odd.
        stride: stride of the first convolution.
        expand_ratio: ratio of the expanded width to in_channels; 1 omits the projection.
        se_ratio: ratio of the squeeze width to in_channels; 0 omits the squeeze-and-excite.
        act: activation of the expanded layer and of the squeeze.
        drop_path: probability of dropping the residual branch of a sample in training.

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
        se_ratio: Annotated[float, (0, 1)] = 0.0,
        act: Literal["relu", "relu6", "gelu", "silu", "hardswish"] = "silu",
        drop_path: Annotated[float, (0, 1)] = 0.0,
    ) -> None:
        super().__init__()
        fused_only = expand_ratio == 1
        hidden = out_channels if fused_only else round(in_channels * expand_ratio)
        self.expand = ConvNormAct(in_channels, hidden, kernel_size, stride, act=act)
        squeezed = max(1, round(in_channels * se_ratio))
        self.se = SqueezeExcite(hidden, hidden_channels=squeezed, act=act) if se_ratio else nn.Identity()
        self.project = nn.Identity() if fused_only else ConvNormAct(hidden, out_channels, 1, act="none")
        self.residual = stride == 1 and in_channels == out_channels
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        y = self.project(self.se(self.expand(x)))
        return x + self.drop_path(y) if self.residual else y
