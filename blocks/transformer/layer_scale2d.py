"""LayerScale on maps: a learned factor for each channel at the end of a residual branch, small at the start.

Touvron, Cord, Sablayrolles, Synnaeve, Jegou, "Going deeper with Image Transformers" (CaiT), ICCV 2021,
arXiv:2103.17239; on maps as in ConvNeXt and PoolFormer.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="Going deeper with Image Transformers, Touvron et al., 2021, arXiv:2103.17239",
    tags=("cait", "scale", "convnext", "poolformer"),
    aliases={"channels": "c"},
    no_decay=("gamma",),
)
class LayerScale2d(nn.Module):
    """Multiply every channel of a map by a learned factor.

    Args:
        channels: number of channels C.
        init_value: initial value of every factor.

    Shape: input (N, C, H, W), output (N, C, H, W).
    """

    def __init__(self, channels: int, init_value: Annotated[float, (0.0, 1.0)] = 1e-5) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((channels, 1, 1), init_value))

    def forward(self, x: Tensor) -> Tensor:
        """Scale `x` (N, C, H, W); returns the same shape."""
        return x * self.gamma
