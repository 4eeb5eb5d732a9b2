"""Matrix product of two tensors of activations."""

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b ... i j, b ... j k -> b ... i k",
    tokens="keep | lost",
    tags=("matrix product", "dot product", "bmm", "similarity", "attention"),
    examples=(
        {"i": 7, "j": 32, "k": 5, "...": ()},
        {"i": 9, "j": 16, "k": 9, "...": (4,)},
        {"i": 1, "j": 64, "k": 3, "...": ()},
    ),
)
class MatMul(nn.Module):
    """Multiply matrices: every row of one tensor with every column of the other.

    Shape: x (N, ..., i, j), y (N, ..., j, k), output (N, ..., i, k).

    Raises:
        ValueError: if the sizes do not fit.
    """

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the product of `x` (N, ..., i, j) and `y` (N, ..., j, k)."""
        return x @ y
