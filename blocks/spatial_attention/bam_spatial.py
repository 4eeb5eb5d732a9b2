"""The spatial half of BAM: logits for each position from dilated convolutions in a bottleneck, not yet gates.

Park, Woo, Lee, Kweon, "BAM: Bottleneck Attention Module", BMVC 2018, arXiv:1807.06514.
Every convolution has a bias, and all but the last a batch norm and a ReLU.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c h w -> b 1 h w",
    paper="BAM: Bottleneck Attention Module, Park et al., 2018, arXiv:1807.06514",
    tags=("bam", "logits", "dilated"),
    aliases={"channels": "c"},
)
class BAMSpatial(nn.Module):
    """Compute one logit for each position by a reduction, two dilated 3x3 convolutions and a projection to one channel.

    Args:
        channels: number of input channels C.
        reduction: ratio r of the bottleneck; its width is C / r rounded down, at least 1.
        dilation: dilation of the 3x3 convolutions.

    Shape: input (N, C, H, W), output (N, 1, H, W), unbounded.
    """

    def __init__(
        self, channels: int, reduction: Annotated[int, (1, 64)] = 16, dilation: Annotated[int, (1, 16)] = 4
    ) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.layers = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.BatchNorm2d(hidden), nn.ReLU())
        for _ in range(2):
            self.layers.append(nn.Conv2d(hidden, hidden, 3, padding=dilation, dilation=dilation))
            self.layers.append(nn.BatchNorm2d(hidden))
            self.layers.append(nn.ReLU())
        self.layers.append(nn.Conv2d(hidden, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Compute the logits of `x` (N, C, H, W); returns (N, 1, H, W)."""
        return self.layers(x)
