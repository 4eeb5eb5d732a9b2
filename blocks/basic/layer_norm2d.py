"""Layer normalisation of maps, over the channels of each position.

Ba, Kiros, Hinton, "Layer Normalization", 2016, arXiv:1607.06450; used this way in ConvNeXt, Liu et al., 2022,
arXiv:2201.03545.
"""

from typing import Annotated

from torch import Tensor

from blocks._shared.map_norms import ChannelLayerNorm
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="Layer Normalization, Ba et al., 2016, arXiv:1607.06450",
    tags=("ln", "norm", "normalization", "convnext"),
    aliases={"channels": "c"},
)
class LayerNorm2d(ChannelLayerNorm):
    """Normalise the channels of every position, then scale and shift them.

    Args:
        channels: number of input channels C.
        eps: added to the variance.

    Shape: input (N, C, H, W), output (N, C, H, W).
    """

    def __init__(self, channels: int, eps: Annotated[float, (0, 1)] = 1e-6) -> None:
        super().__init__(channels, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` (N, C, H, W); returns the same shape."""
        return super().forward(x)
