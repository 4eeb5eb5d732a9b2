"""The MBConv block of CoAtNet: x + MBConv(Norm(x)), with its own downsampling on both branches.

Dai, Liu, Le, Tan, "CoAtNet: Marrying Convolution and Attention for All Data Sizes", NeurIPS 2021, arXiv:2106.04803.
Layers as in timm 1.0.31 (maxxvit.MbConvBlock): batch norm before and inside, GELU, widths relative to the output
channels, a bias only in the last and in the shortcut convolution. The paper strides in the first 1x1 convolution; timm
and MaxViT in the depthwise one. The shortcut pools by the mean, as in timm, where the paper says maximum; odd sizes do
not lose the last row and column.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.channels import check_odd, init_convolutions, round_channels
from blocks._shared.choices import check_choice, check_positive
from blocks.channel_attention.squeeze_excite import SqueezeExcite
from blocks.spec import block
from blocks.transformer.drop_path import DropPath


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="CoAtNet: Marrying Convolution and Attention for All Data Sizes, Dai et al., 2021, arXiv:2106.04803",
    maps={"se.gate": "channel"},
    tags=("coatnet", "maxvit", "inverted residual", "pre-norm"),
    aliases={"in_channels": "c"},
    rates=("drop_path",),
)
class CoAtNetMBConv(nn.Module):
    """Normalise, expand, convolve each channel, gate and project; add the (pooled, projected) input.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        stride: factor by which height and width shrink.
        expand_ratio: ratio of the expanded width to out_channels.
        kernel_size: side of the depthwise kernel, odd.
        se_ratio: ratio of the squeeze width to out_channels; 0 omits the squeeze-and-excite.
        stride_mode: where the residual branch shrinks: in the first 1x1 convolution (the paper), in the depthwise one,
            or by pooling.
        drop_path: probability of dropping the residual branch of a sample in training.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if out_channels is not positive or kernel_size is even.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 96,
        stride: Annotated[int, (1, 4)] = 1,
        expand_ratio: Annotated[float, (1, 16)] = 4.0,
        kernel_size: int = 3,
        se_ratio: Annotated[float, (0, 1)] = 0.25,
        stride_mode: Literal["1x1", "depthwise", "pool"] = "1x1",
        drop_path: Annotated[float, (0, 1)] = 0.0,
    ) -> None:
        super().__init__()
        check_positive(out_channels=out_channels)
        check_odd("kernel_size", kernel_size)
        check_choice("stride_mode", stride_mode, "1x1", "depthwise", "pool")
        hidden = round_channels(out_channels * expand_ratio)
        stride_1x1 = stride if stride_mode == "1x1" else 1
        stride_depthwise = stride if stride_mode == "depthwise" else 1

        def pool() -> nn.Module:
            return (
                nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False) if stride > 1 else nn.Identity()
            )

        project = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()
        self.shortcut = nn.Sequential(pool(), project)
        self.pre_norm = nn.BatchNorm2d(in_channels)
        self.pool = pool() if stride_mode == "pool" else nn.Identity()
        self.expand = nn.Sequential(
            nn.Conv2d(in_channels, hidden, 1, stride_1x1, bias=False), nn.BatchNorm2d(hidden), nn.GELU()
        )
        self.depthwise = nn.Sequential(
            nn.Conv2d(hidden, hidden, kernel_size, stride_depthwise, kernel_size // 2, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.GELU(),
        )
        squeezed = max(1, int(out_channels * se_ratio))
        self.se = SqueezeExcite(hidden, hidden_channels=squeezed, act="silu") if se_ratio else nn.Identity()
        self.project = nn.Conv2d(hidden, out_channels, 1)
        self.drop_path = DropPath(drop_path)
        init_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        y = self.expand(self.pool(self.pre_norm(x)))
        y = self.project(self.se(self.depthwise(y)))
        return self.shortcut(x) + self.drop_path(y)
