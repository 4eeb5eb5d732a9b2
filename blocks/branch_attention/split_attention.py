"""Split attention: groups of channels, each split over `radix` convolutions that a softmax mixes channel by channel.

Zhang et al., "ResNeSt: Split-Attention Networks", CVPR workshops 2022, arXiv:2004.08955.
As in the authors' code and timm 1.0.31 the reduced width is in_channels * radix / reduction, a multiple of 8 and at
least 32, both small layers have biases, and with radix 1 a sigmoid replaces the softmax over one branch.
"""

from functools import reduce
from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.channels import check_groups, check_odd, init_convolutions, round_channels
from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="ResNeSt: Split-Attention Networks, Zhang et al., 2022, arXiv:2004.08955",
    maps={"gate": "branch"},
    tags=("splat", "resnest", "radix", "cardinality"),
    aliases={"in_channels": "c"},
)
class SplitAttention(nn.Module):
    """Convolve in `cardinality` groups of `radix` splits and mix the splits for each channel.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels C.
        kernel_size: side of the kernels, odd.
        stride: stride of the convolution.
        radix: number of splits of each cardinal group.
        cardinality: number of cardinal groups.
        reduction: ratio of in_channels * radix to the width of the attention.

    Shape: input (N, in_channels, H, W), output (N, C, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if out_channels is not positive, kernel_size is even or radix * cardinality does not divide the
            channels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        kernel_size: int = 3,
        stride: Annotated[int, (1, 8)] = 1,
        radix: Annotated[int, (1, 8)] = 2,
        cardinality: Annotated[int, (1, 32)] = 1,
        reduction: Annotated[float, (1, 64)] = 4,
    ) -> None:
        super().__init__()
        check_positive(out_channels=out_channels)
        check_odd("kernel_size", kernel_size)
        check_groups(radix * cardinality, "radix * cardinality", in_channels=in_channels)
        check_groups(cardinality, "cardinality", out_channels=out_channels)
        self.radix, self.cardinality = radix, cardinality
        splits = out_channels * radix
        hidden = round_channels(in_channels * radix / reduction, lower=32)
        check_groups(cardinality, "cardinality", attention_width=hidden)
        self.conv = nn.Sequential(
            nn.Conv2d(
                in_channels, splits, kernel_size, stride, kernel_size // 2, groups=radix * cardinality, bias=False
            ),
            nn.BatchNorm2d(splits),
            nn.ReLU(),
        )
        self.reduce = nn.Sequential(
            nn.Conv2d(out_channels, hidden, 1, groups=cardinality), nn.BatchNorm2d(hidden), nn.ReLU()
        )
        self.expand = nn.Conv2d(hidden, splits, 1, groups=cardinality)
        self.gate = nn.Softmax(dim=1) if radix > 1 else nn.Sigmoid()
        init_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x` (N, in_channels, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        splits = self.conv(x).chunk(self.radix, dim=1)
        logits = self.expand(self.reduce(sum(split.mean((2, 3), keepdim=True) for split in splits)))
        # The small layers order their outputs group by group, the convolution split by split.
        logits = logits.view(x.shape[0], self.cardinality, self.radix, -1).transpose(1, 2)
        weights = self.gate(logits).reshape(x.shape[0], self.radix, -1, 1, 1)
        return reduce(torch.add, map(torch.mul, splits, weights.unbind(1)))
