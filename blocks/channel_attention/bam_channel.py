"""The channel half of BAM: logits for each channel, not yet gates.

Park, Woo, Lee, Kweon, "BAM: Bottleneck Attention Module", BMVC 2018, arXiv:1807.06514.
1x1 convolutions replace the linear layers; one hidden layer, as in the paper and the authors' code.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c h w -> b c 1 1",
    paper="BAM: Bottleneck Attention Module, Park et al., 2018, arXiv:1807.06514",
    tags=("bam", "logits"),
    aliases={"channels": "c"},
)
class BAMChannel(nn.Module):
    """Compute one logit for each channel from the channel means.

    Args:
        channels: number of input channels C.
        reduction: ratio r of the bottleneck; its width is C / r rounded down, at least 1.

    Shape: input (N, C, H, W), output (N, C, 1, 1), unbounded.
    """

    def __init__(self, channels: int, reduction: Annotated[int, (1, 64)] = 16) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.mlp = nn.Sequential(
            nn.Conv2d(channels, hidden, 1), nn.BatchNorm2d(hidden), nn.ReLU(), nn.Conv2d(hidden, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Compute the logits of `x` (N, C, H, W); returns (N, C, 1, 1)."""
        return self.mlp(x.mean((2, 3), keepdim=True))
