"""Global average pooling: a map becomes the vector of its channel means.

Lin, Chen, Yan, "Network In Network", 2013, arXiv:1312.4400.
"""

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c h w -> b c",
    paper="Network In Network, Lin et al., 2013, arXiv:1312.4400",
    tags=("gap", "pool", "squeeze", "mean"),
    converts="map -> vector",
)
class GlobalAvgPool(nn.Module):
    """Average every channel over all positions.

    Shape: input (N, C, H, W), output (N, C).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Average `x` (N, C, H, W) over height and width; returns (N, C)."""
        return x.mean((2, 3))
