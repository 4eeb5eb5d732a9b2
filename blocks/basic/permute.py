"""Reorders the axes of each sample."""

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b ... -> b ...",
    tokens="lost",
    tags=("transpose", "axes", "swap", "channels last"),
    examples=({"...": (32, 16, 16), "axes": (2, 3, 1)}, {"...": (50, 64)}, {"...": (9, 7, 96)}),
)
class Permute(nn.Module):
    """Put the axes after the batch into another order, such as tokens (N, n, dim) to channels first (N, dim, n).

    Args:
        axes: for each axis of the output the axis of the input that it is, counted from 1; empty: the last two are
            swapped.

    Shape: input (N, ...), output (N, ...) with the sizes in the new order.

    Raises:
        ValueError: if `axes` does not name each axis of the input once.
    """

    def __init__(self, axes: tuple[int, ...] = ()) -> None:
        super().__init__()
        if sorted(axes) != list(range(1, len(axes) + 1)):
            raise ValueError(f"axes: {tuple(axes)} is no order of the axes 1 to {max(len(axes), 1)}")
        self.axes = tuple(axes)

    def forward(self, x: Tensor) -> Tensor:
        """Reorder the axes of `x` (N, ...)."""
        if not self.axes and x.ndim < 3:
            raise ValueError(f"x: shape {tuple(x.shape)} has no two axes after the batch to swap")
        if self.axes and len(self.axes) != x.ndim - 1:
            raise ValueError(f"axes: {self.axes} orders {len(self.axes)} axes, but the input has {x.ndim - 1}")
        return x.permute(0, *self.axes) if self.axes else x.transpose(-1, -2)
