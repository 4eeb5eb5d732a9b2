"""Reshapes each sample."""

import math

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b ... -> b ...", tokens="lost", tags=("view", "unflatten", "squeeze", "unsqueeze"))
class Reshape(nn.Module):
    """Reshape each sample; the batch axis is unchanged.

    Args:
        shape: sizes after the batch axis; one of them may be -1 and follows from the others.

    Shape: input (N, ...), output (N, *shape).

    Raises:
        ValueError: if `shape` holds anything but positive sizes and at most one -1, or has another number of elements
            than the input.
    """

    def __init__(self, shape: tuple[int, ...] = (-1,)) -> None:
        super().__init__()
        if shape.count(-1) > 1 or any(size < 1 and size != -1 for size in shape):
            raise ValueError(f"shape: {tuple(shape)} must be positive sizes and at most one -1")
        self.shape = tuple(shape)

    def forward(self, x: Tensor) -> Tensor:
        """Reshape `x` (N, ...); returns (N, *shape)."""
        have = math.prod(x.shape[1:])
        fixed = math.prod([size for size in self.shape if size != -1])
        if have % fixed if -1 in self.shape else have != fixed:
            raise ValueError(f"shape: {self.shape} cannot hold the {have} numbers of {tuple(x.shape[1:])}")
        return x.reshape(x.shape[0], *self.shape)
