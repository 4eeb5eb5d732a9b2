"""Splits a tensor in two along an axis, as in channel-split and gated branches."""

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b ... -> b ..., b ...",
    tokens={"first": "keep | select 0 count", "second": "keep | select total-count total"},
    tags=("chunk", "slice", "cut", "branch"),
    outputs=("first", "second"),
)
class Split(nn.Module):
    """Split a tensor in two.

    Args:
        size: size of the first part; 0: half.
        dim: the axis: 1 splits channels of maps and vectors or token sequences, -1 the width of tokens.

    Shape: input (N, ...); outputs (N, ...) with `size` and the rest along `dim`.

    Raises:
        ValueError: if `dim` is 0, or the axis cannot be split that way.
    """

    def __init__(self, size: int = 0, dim: int = 1) -> None:
        super().__init__()
        if dim == 0:
            raise ValueError("dim: 0 is the batch, expected another axis such as 1")
        if size < 0:
            raise ValueError(f"size: {size} is negative, expected 0 or more")
        self.size = size
        self.dim = dim

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Split `x` (N, ...); returns both parts."""
        if not -x.ndim < self.dim < x.ndim:
            raise ValueError(f"dim: {self.dim} is no axis of shape {tuple(x.shape)} after the batch")
        total = x.shape[self.dim]
        if not self.size and total % 2:
            raise ValueError(
                f"size: axis {self.dim} of {tuple(x.shape)} is odd and has no half; give the size of the first part"
            )
        size = self.size or total // 2
        if not 0 < size < total:
            raise ValueError(
                f"size: {size} leaves nothing of axis {self.dim} of {tuple(x.shape)}, expected less than {total}"
            )
        return x.narrow(self.dim, 0, size), x.narrow(self.dim, size, total - size)
