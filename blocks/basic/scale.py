"""A fixed factor, such as the half steps of a Conformer."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b ... -> b ...", tags=("factor", "constant", "half", "multiply"))
class Scale(nn.Module):
    """Multiply all values by a fixed number; nothing is learned.

    Args:
        factor: the number.

    Shape: input (N, ...), output (N, ...).
    """

    def __init__(self, factor: float = 0.5) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Scale `x`; returns the same shape."""
        return x * self.factor
