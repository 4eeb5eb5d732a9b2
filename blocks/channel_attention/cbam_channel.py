"""The channel half of CBAM: a gate from both the mean and the maximum of each channel.

Woo, Park, Lee, Kweon, "CBAM: Convolutional Block Attention Module", ECCV 2018, arXiv:1807.06521.
As in timm 1.0.31 the shared MLP has no biases unless `bias` is set (the authors' code has them, the paper's formula
does not).
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="CBAM: Convolutional Block Attention Module, Woo et al., 2018, arXiv:1807.06521",
    maps={"gate": "channel"},
    tags=("cbam", "gating"),
    aliases={"channels": "c"},
)
class CBAMChannel(nn.Module):
    """Reweight every channel by a gate from average and maximum pooling through one shared MLP.

    Args:
        channels: number of input channels C.
        reduction: ratio r of the bottleneck; its width is C / r rounded down, at least 1.
        bias: whether the two layers of the MLP have a bias.

    Shape: input (N, C, H, W), output (N, C, H, W).
    """

    def __init__(self, channels: int, reduction: Annotated[int, (1, 64)] = 16, bias: bool = False) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.mlp = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=bias), nn.ReLU(), nn.Conv2d(hidden, channels, 1, bias=bias)
        )
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Gate `x` (N, C, H, W); returns the same shape."""
        mean, peak = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        return x * self.gate(self.mlp(mean) + self.mlp(peak))
