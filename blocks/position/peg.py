"""Position encoding generator: a depthwise convolution, whose zero padding lets positions sense the border.

Chu et al., "Conditional Positional Encodings for Vision Transformers", ICLR 2023, arXiv:2102.10882.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.channels import check_odd
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="Conditional Positional Encodings for Vision Transformers, Chu et al., 2021, arXiv:2102.10882",
    tags=("cpvt", "conditional", "positional", "twins"),
    aliases={"channels": "c"},
)
class PEG(nn.Module):
    """Add a depthwise convolution of the map to the map; convert tokens by TokensToMap first.

    Args:
        channels: number of input channels C.
        kernel_size: side of the kernel, odd.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if `kernel_size` is not odd.
    """

    def __init__(self, channels: int, kernel_size: Annotated[int, (1, 31)] = 3) -> None:
        super().__init__()
        check_odd("kernel_size", kernel_size)
        self.proj = nn.Conv2d(channels, channels, kernel_size, padding=kernel_size // 2, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        """Add positions to `x` (N, C, H, W); returns the same shape."""
        return x + self.proj(x)
