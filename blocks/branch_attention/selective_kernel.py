"""Selective kernel convolution: branches of growing kernel size, mixed channel by channel with a softmax over the
branches.

Li, Wang, Hu, Yang, "Selective Kernel Networks", CVPR 2019, arXiv:1903.06586.
As in the paper's experiments the larger kernels are 3x3 with dilation unless `dilated` is off. split_input=True is timm
1.0.31 SKResNet: each branch gets its share of the input channels. The width of the fuse layer is C / reduction rounded
to a multiple of `divisor` as in timm; divisor=32 has the lower bound of 32 of the paper.
"""

from functools import reduce
from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.channels import check_groups, round_channels
from blocks._shared.choices import check_positive
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="Selective Kernel Networks, Li et al., 2019, arXiv:1903.06586",
    maps={"gate": "branch"},
    tags=("sk", "sknet", "multi-scale", "receptive field"),
    aliases={"in_channels": "c"},
)
class SelectiveKernel(nn.Module):
    """Convolve with several kernel sizes and mix them for each channel.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels C.
        branches: number of branches; branch i has a kernel of side 2i + 3.
        stride: stride of every branch.
        groups: number of channel groups of every branch.
        reduction: ratio r of the fuse layer, whose width is C / r.
        divisor: the width of the fuse layer is rounded to a multiple of this, and is at least one multiple.
        dilated: whether larger kernels are 3x3 kernels with dilation.
        split_input: whether the input channels are divided among the branches instead of going to each.

    Shape: input (N, in_channels, H, W), output (N, C, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if out_channels is not positive, or groups or, with split_input, branches does not divide the
            channels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        branches: Annotated[int, (1, 8)] = 2,
        stride: Annotated[int, (1, 8)] = 1,
        groups: int = 1,
        reduction: Annotated[float, (1, 64)] = 16,
        divisor: Annotated[int, (1, 64)] = 8,
        dilated: bool = True,
        split_input: bool = False,
    ) -> None:
        super().__init__()
        check_positive(out_channels=out_channels)
        if split_input:
            check_groups(branches, "branches", in_channels=in_channels)
        self.branches, self.split_input = branches, split_input
        width = in_channels // branches if split_input else in_channels
        self.paths = nn.ModuleList(
            ConvNormAct(width, out_channels, 3 if dilated else 2 * i + 3, stride, i + 1 if dilated else 1, groups)
            for i in range(branches)
        )
        hidden = round_channels(out_channels / reduction, divisor)
        self.fuse = nn.Sequential(nn.Conv2d(out_channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU())
        self.select = nn.Conv2d(hidden, out_channels * branches, 1, bias=False)
        self.gate = nn.Softmax(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x` (N, in_channels, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        inputs = x.chunk(self.branches, dim=1) if self.split_input else [x] * self.branches
        maps = [path(part) for path, part in zip(self.paths, inputs, strict=True)]
        squeezed = sum(branch.mean((2, 3), keepdim=True) for branch in maps)
        weights = self.gate(self.select(self.fuse(squeezed)).unflatten(1, (self.branches, -1)))
        return reduce(torch.add, map(torch.mul, maps, weights.unbind(1)))
