"""The two-layer residual block of ResNet-18 and ResNet-34.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, arXiv:1512.03385.
The projection shortcut (option B) is inserted where the size or width changes. An attention is applied to the last
convolution's output, before the residual sum, as in SENet and timm 1.0.31 (with its squeeze width, a multiple of 8).
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.gates import make_gate_block
from blocks._shared.shortcuts import make_shortcut
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.spec import block
from blocks.transformer.drop_path import DropPath


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="Deep Residual Learning for Image Recognition, He et al., 2016, arXiv:1512.03385",
    tags=("resnet", "residual", "resnet18", "resnet34", "seresnet"),
    aliases={"in_channels": "c"},
    rates=("drop_path",),
)
class BasicBlock(nn.Module):
    """Add two 3x3 convolutions to a shortcut.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        stride: stride of the first convolution and of the shortcut.
        attention: gate on the residual branch before the sum.
        shortcut: projection where the size or width changes: a strided 1x1 convolution, or average pooling before it
            (ResNet-D).
        drop_path: probability of dropping the residual branch of a sample in training.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if out_channels is not positive, or attention or shortcut is unknown.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        stride: Annotated[int, (1, 8)] = 1,
        attention: Literal["none", "se", "eca", "cbam"] = "none",
        shortcut: Literal["conv", "pool"] = "conv",
        drop_path: Annotated[float, (0, 1)] = 0.0,
    ) -> None:
        super().__init__()
        self.conv1 = ConvNormAct(in_channels, out_channels, 3, stride)
        self.conv2 = ConvNormAct(out_channels, out_channels, 3, act="none")
        self.attention = make_gate_block(attention, out_channels)
        self.drop_path = DropPath(drop_path)
        self.shortcut = make_shortcut(in_channels, out_channels, stride, shortcut)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        residual = self.attention(self.conv2(self.conv1(x)))
        return self.act(self.shortcut(x) + self.drop_path(residual))
