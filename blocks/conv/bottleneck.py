"""The three-layer residual block of ResNet-50 and its relatives.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, arXiv:1512.03385.
The stride is in the 3x3 convolution (ResNet v1.5, torchvision and timm), not in the first 1x1. groups=32, base_width=4
is ResNeXt (arXiv:1611.05431), base_width=128 a wide ResNet. An attention is applied to the last convolution's output,
before the residual sum, as in SENet. middle="selective_kernel" is SKResNet as in timm 1.0.31 (each branch gets half of
the channels), middle="split_attention" is ResNeSt (arXiv:2004.08955), which strides by average pooling after the
convolution.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice, check_positive
from blocks._shared.gates import make_gate_block
from blocks._shared.shortcuts import make_shortcut
from blocks.branch_attention.selective_kernel import SelectiveKernel
from blocks.branch_attention.split_attention import SplitAttention
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.spec import block
from blocks.transformer.drop_path import DropPath


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="Deep Residual Learning for Image Recognition, He et al., 2016, arXiv:1512.03385",
    tags=("resnet", "resnet50", "resnext", "residual", "seresnet", "skresnet", "resnest"),
    aliases={"in_channels": "c"},
    rates=("drop_path",),
)
class Bottleneck(nn.Module):
    """Add a 1x1, a 3x3 and a 1x1 convolution, narrow in the middle, to a shortcut.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels, a multiple of 4.
        stride: stride of the middle convolution and of the shortcut.
        groups: number of channel groups of the middle convolution (the cardinality of ResNeXt).
        base_width: width of one group where out_channels is 256; it grows in proportion.
        middle: the layer in the middle: a plain 3x3 convolution, a selective kernel or a split attention.
        attention: gate on the residual branch before the sum.
        shortcut: projection where the size or width changes: a strided 1x1 convolution, or average pooling before it
            (ResNet-D).
        drop_path: probability of dropping the residual branch of a sample in training.
        radix: number of splits of a split attention, whose cardinality is groups.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if groups or base_width is not positive, out_channels is no multiple of 4, or the middle has no
            channel.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 256,
        stride: Annotated[int, (1, 8)] = 1,
        groups: int = 1,
        base_width: int = 64,
        middle: Literal["conv", "selective_kernel", "split_attention"] = "conv",
        attention: Literal["none", "se", "eca", "cbam"] = "none",
        shortcut: Literal["conv", "pool"] = "conv",
        drop_path: Annotated[float, (0, 1)] = 0.0,
        radix: Annotated[int, (1, 8)] = 2,
    ) -> None:
        super().__init__()
        check_positive(groups=groups, base_width=base_width)
        check_choice("middle", middle, "conv", "selective_kernel", "split_attention")
        if out_channels % 4:
            raise ValueError(f"out_channels: {out_channels} is not a multiple of 4")
        width = int(out_channels // 4 * (base_width / 64)) * groups
        if width < 1:
            raise ValueError(
                f"base_width: {base_width} leaves no channel in the middle for out_channels {out_channels}"
            )
        self.conv1 = ConvNormAct(in_channels, width, 1)
        match middle:
            case "conv":
                self.conv2: nn.Module = ConvNormAct(width, width, 3, stride, groups=groups)
            case "selective_kernel":
                self.conv2 = SelectiveKernel(width, width, stride=stride, groups=groups, split_input=True)
            case "split_attention":
                pool = nn.AvgPool2d(3, stride, padding=1) if stride > 1 else nn.Identity()
                self.conv2 = nn.Sequential(SplitAttention(width, width, radix=radix, cardinality=groups), pool)
        self.conv3 = ConvNormAct(width, out_channels, 1, act="none")
        self.attention = make_gate_block(attention, out_channels)
        self.drop_path = DropPath(drop_path)
        self.shortcut = make_shortcut(in_channels, out_channels, stride, shortcut)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        residual = self.attention(self.conv3(self.conv2(self.conv1(x))))
        return self.act(self.shortcut(x) + self.drop_path(residual))
