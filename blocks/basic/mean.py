"""Mean along an axis."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b ... -> b ...", tokens="lost pooled", tags=("average", "pool", "reduce", "squeeze"))
class Mean(nn.Module):
    """Average the values along an axis.

    Args:
        dim: the axis; -1 is the last, 1 the first after the batch.
        keepdim: whether the axis stays, with size 1.

    Shape: input (N, ...), output (N, ...) without the axis, or with size 1 in its place.

    Raises:
        ValueError: if `dim` is 0 or not an axis of the input.
    """

    def __init__(self, dim: int = 1, keepdim: bool = False) -> None:
        super().__init__()
        if dim == 0:
            raise ValueError("dim: 0 is the batch, expected another axis such as 1")
        self.dim, self.keepdim = dim, keepdim

    def forward(self, x: Tensor) -> Tensor:
        """Average `x` (N, ...) along the axis."""
        if not -x.ndim < self.dim < x.ndim:
            raise ValueError(f"dim: {self.dim} is no axis of shape {tuple(x.shape)} after the batch")
        return x.mean(self.dim, keepdim=self.keepdim)
