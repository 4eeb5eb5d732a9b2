"""Convolutional Block Attention Module: a channel gate, then a spatial gate.

Woo, Park, Lee, Kweon, "CBAM: Convolutional Block Attention Module", ECCV 2018, arXiv:1807.06521.
The defaults are those of timm 1.0.31 CbamModule; bias=True, batch_norm=True is the authors' code.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.channel_attention.cbam_channel import CBAMChannel
from blocks.spatial_attention.cbam_spatial import CBAMSpatial
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="CBAM: Convolutional Block Attention Module, Woo et al., 2018, arXiv:1807.06521",
    maps={"channel.gate": "channel", "spatial.gate": "spatial"},
    tags=("gating", "channel attention", "spatial attention"),
    aliases={"channels": "c"},
)
class CBAM(nn.Module):
    """Reweight the channels, then the positions.

    Args:
        channels: number of input channels C.
        reduction: ratio r of the channel bottleneck; its width is C / r rounded down, at least 1.
        kernel_size: side of the spatial kernel, odd.
        bias: whether the channel MLP has biases.
        batch_norm: whether a batch norm replaces the bias of the spatial convolution.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if kernel_size is even.
    """

    def __init__(
        self,
        channels: int,
        reduction: Annotated[int, (1, 64)] = 16,
        kernel_size: int = 7,
        bias: bool = False,
        batch_norm: bool = True,
    ) -> None:
        super().__init__()
        self.channel = CBAMChannel(channels, reduction, bias)
        self.spatial = CBAMSpatial(kernel_size, batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        """Gate `x` (N, C, H, W); returns the same shape."""
        return self.spatial(self.channel(x))
