"""Instance normalisation.

Ulyanov, Vedaldi, Lempitsky, "Instance Normalization: The Missing Ingredient for Fast Stylization", 2016,
arXiv:1607.08022.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="Instance Normalization: The Missing Ingredient for Fast Stylization, Ulyanov et al., 2016, arXiv:1607.08022",
    tags=("in", "norm", "normalization", "style"),
    aliases={"channels": "c"},
)
class InstanceNorm2d(nn.InstanceNorm2d):
    """Normalise every channel of every image over its positions.

    Args:
        channels: number of input channels C.
        eps: added to the variance.
        affine: whether a scale and a shift are learned for each channel.

    Shape: input (N, C, H, W), output (N, C, H, W).
    """

    def __init__(self, channels: int, eps: Annotated[float, (0, 1)] = 1e-5, affine: bool = True) -> None:
        super().__init__(channels, eps=eps, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` (N, C, H, W); returns the same shape."""
        return super().forward(x)
