"""Batch normalisation of maps.

Ioffe, Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift", 2015,
arXiv:1502.03167.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="Batch Normalization: Accelerating Deep Network Training, Ioffe and Szegedy, 2015, arXiv:1502.03167",
    tags=("bn", "norm", "normalization"),
    aliases={"channels": "c"},
)
class BatchNorm2d(nn.BatchNorm2d):
    """Normalise every channel over the batch and all positions, then scale and shift it.

    Args:
        channels: number of input channels C.
        eps: added to the variance.
        momentum: weight of the new batch in the running mean and variance.

    Shape: input (N, C, H, W), output (N, C, H, W).
    """

    def __init__(
        self, channels: int, eps: Annotated[float, (0, 1)] = 1e-5, momentum: Annotated[float, (0, 1)] = 0.1
    ) -> None:
        super().__init__(channels, eps=eps, momentum=momentum)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` (N, C, H, W); returns the same shape."""
        return super().forward(x)
