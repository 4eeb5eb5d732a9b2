"""Flattens all axes but the batch."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b ... -> b features", tags=("reshape", "vector"), converts="map -> vector, tokens -> vector")
class Flatten(nn.Module):
    """Flatten each sample to one vector.

    Shape: input (N, ...), output (N, product of the rest).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Flatten `x` (N, ...); returns (N, features)."""
        return x.reshape(x.shape[0], -1)
