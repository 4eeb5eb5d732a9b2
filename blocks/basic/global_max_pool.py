"""Global max pooling: a map becomes the vector of its channels' largest values."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b c h w -> b c", tags=("gmp", "pool", "squeeze", "maximum"))
class GlobalMaxPool(nn.Module):
    """Take the largest value of every channel.

    Shape: input (N, C, H, W), output (N, C).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pool `x` (N, C, H, W) over height and width; returns (N, C)."""
        return x.amax((2, 3))
