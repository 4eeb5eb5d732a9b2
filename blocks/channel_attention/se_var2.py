"""SE-Var2: each channel is gated by its own mean times a learned weight, so that channels do not interact.

Wang et al., "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks", CVPR 2020, arXiv:1910.03151
(table 2). The weights start at 1, so the block as SE-Var1; the paper leaves this open.
"""

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper=(
        "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks, Wang et al., 2020, "
        "arXiv:1910.03151"
    ),
    maps={"gate": "channel"},
    tags=("se variant", "gating"),
    aliases={"channels": "c"},
    no_decay=("weight",),
)
class SEVar2(nn.Module):
    """Gate every channel by the sigmoid of its mean times a weight of its own.

    Args:
        channels: number of input channels C.

    Shape: input (N, C, H, W), output (N, C, H, W).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Gate `x` (N, C, H, W); returns the same shape."""
        return x * self.gate(self.weight[:, None, None] * x.mean((2, 3), keepdim=True))
