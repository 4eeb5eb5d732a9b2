"""Element-wise difference of two tensors."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b ..., b ... -> b ...", tags=("minus", "difference", "residual"), tokens="keep")
class Subtract(nn.Module):
    """Subtract one tensor from another; an axis of size 1 is stretched.

    Shape: x and y of one rank (N, ...), each axis of one size or 1; output (N, ...) with the larger sizes.

    Raises:
        ValueError: if the ranks or sizes do not fit.
    """

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return `x` - `y`."""
        if x.ndim != y.ndim or any(m != n and 1 not in (m, n) for m, n in zip(x.shape, y.shape, strict=True)):
            raise ValueError(f"y: shape {tuple(y.shape)} does not fit {tuple(x.shape)}; each axis must agree or be 1")
        return x - y
