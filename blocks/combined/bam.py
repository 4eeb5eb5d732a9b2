"""Bottleneck Attention Module: one gate for each channel and position, from a channel and a spatial half, added to the
identity.

Park, Woo, Lee, Kweon, "BAM: Bottleneck Attention Module", BMVC 2018, arXiv:1807.06514.
The paper's formula adds the logits of the two halves, the authors' code multiplies them; the code is the default. Meant
for the ends of the stages of a network, not for every block. Inspection shows the gate of each position, averaged over
the channels.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice
from blocks.channel_attention.bam_channel import BAMChannel
from blocks.spatial_attention.bam_spatial import BAMSpatial
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="BAM: Bottleneck Attention Module, Park et al., 2018, arXiv:1807.06514",
    maps={"gate": "spatial"},
    tags=("gating", "channel attention", "spatial attention"),
    aliases={"channels": "c"},
)
class BAM(nn.Module):
    """Multiply the input by 1 plus a gate from channel and spatial logits.

    Args:
        channels: number of input channels C.
        reduction: ratio r of both bottlenecks; their width is C / r rounded down, at least 1.
        dilation: dilation of the spatial convolutions.
        combine: whether the logits of the two halves are multiplied or added.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if combine is unknown.
    """

    def __init__(
        self,
        channels: int,
        reduction: Annotated[int, (1, 64)] = 16,
        dilation: Annotated[int, (1, 16)] = 4,
        combine: Literal["product", "sum"] = "product",
    ) -> None:
        super().__init__()
        check_choice("combine", combine, "product", "sum")
        self.channel = BAMChannel(channels, reduction)
        self.spatial = BAMSpatial(channels, reduction, dilation)
        self.combine = combine
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Gate `x` (N, C, H, W); returns the same shape."""
        channel, spatial = self.channel(x), self.spatial(x)
        return x * (1 + self.gate(channel * spatial if self.combine == "product" else channel + spatial))
