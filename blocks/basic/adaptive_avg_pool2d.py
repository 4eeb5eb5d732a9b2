"""Average pooling to a given size."""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(shape="b c h w -> b c output_size output_size", tags=("pooling", "downsample", "resize"))
class AdaptiveAvgPool2d(nn.AdaptiveAvgPool2d):
    """Average the map over a square grid of cells.

    Args:
        output_size: side of the output; 1 gives (N, C, 1, 1), the shape of a gate.

    Shape: input (N, C, H, W), output (N, C, output_size, output_size).

    Raises:
        ValueError: if `output_size` is not positive.
    """

    def __init__(self, output_size: Annotated[int, (1, 512)] = 1) -> None:
        check_positive(output_size=output_size)
        super().__init__(output_size)

    def forward(self, x: Tensor) -> Tensor:
        """Pool `x` (N, C, H, W); returns (N, C, output_size, output_size)."""
        return super().forward(x)
