"""Everything but the batch in one axis."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b ... -> b features", tags=("reshape", "vector"), converts="map -> vector, tokens -> vector")
class Flatten(nn.Module):
    """Make one vector of each sample.

    Shape: input (N, ...), output (N, product of the rest).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Flatten `x` (N, ...); returns (N, features)."""
        return x.reshape(x.shape[0], -1)
