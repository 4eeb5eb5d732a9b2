"""Group normalisation.

Wu, He, "Group Normalization", ECCV 2018, arXiv:1803.08494.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.channels import check_groups
from blocks.spec import block


@block(
    shape="b c ... -> b c ...",
    paper="Group Normalization, Wu and He, 2018, arXiv:1803.08494",
    tags=("gn", "norm", "normalization"),
    aliases={"channels": "c"},
)
class GroupNorm(nn.GroupNorm):
    """Normalise groups of channels over all positions, then scale and shift each channel.

    Args:
        channels: number of input channels C.
        num_groups: number of groups; 1 is layer normalisation over channels and positions.
        eps: added to the variance.

    Shape: input (N, C, ...), output (N, C, ...).

    Raises:
        ValueError: if `num_groups` does not divide the channels.
    """

    def __init__(self, channels: int, num_groups: int = 32, eps: Annotated[float, (0, 1)] = 1e-5) -> None:
        check_groups(num_groups, "num_groups", channels=channels)
        super().__init__(num_groups, channels, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` (N, C, ...); returns the same shape."""
        return super().forward(x)
