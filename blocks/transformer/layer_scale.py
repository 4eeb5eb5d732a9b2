"""LayerScale: a learned factor for each channel at the end of a residual branch, small at the start.

Touvron, Cord, Sablayrolles, Synnaeve, Jegou, "Going deeper with Image Transformers" (CaiT), ICCV 2021,
arXiv:2103.17239.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper="Going deeper with Image Transformers, Touvron et al., 2021, arXiv:2103.17239",
    tags=("cait", "scale"),
    no_decay=("gamma",),
)
class LayerScale(nn.Module):
    """Multiply every channel by a learned factor.

    Args:
        dim: token width.
        init_value: initial value of every factor.

    Shape: input (N, n, dim), output (N, n, dim); any number of axes before dim.
    """

    def __init__(self, dim: int, init_value: Annotated[float, (0.0, 1.0)] = 1e-5) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((dim,), init_value))

    def forward(self, x: Tensor) -> Tensor:
        """Scale `x` (N, n, dim); returns the same shape."""
        return x * self.gamma
