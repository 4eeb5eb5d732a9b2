"""The identity: a named point in the graph."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="... -> ...", tags=("pass", "noop", "skip", "name"))
class Identity(nn.Module):
    """Return the input unchanged.

    Shape: any, kept.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`."""
        return x
