"""Softmax along an axis."""

from typing import Annotated

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b ... -> b ...", tags=("normalize", "probabilities", "attention"))
class Softmax(nn.Module):
    """Normalise the values along an axis to positive numbers with sum 1.

    Args:
        dim: the axis; -1 is the last.
        temperature: divisor of the values; a small one makes the result sharper.

    Shape: input (N, ...), output (N, ...).

    Raises:
        ValueError: if `dim` is 0 or not an axis of the input, or `temperature` is not positive.
    """

    def __init__(self, dim: int = -1, temperature: Annotated[float, (0.001, 1000)] = 1.0) -> None:
        super().__init__()
        if dim == 0:
            raise ValueError("dim: 0 is the batch, expected another axis such as -1")
        if temperature <= 0:
            raise ValueError(f"temperature: {temperature} is not positive")
        self.dim = dim
        self.temperature = temperature

    def forward(self, x: Tensor) -> Tensor:
        """Apply softmax to `x`; returns the same shape."""
        if not -x.ndim < self.dim < x.ndim:
            raise ValueError(f"dim: {self.dim} is no axis of shape {tuple(x.shape)} after the batch")
        return (x / self.temperature).softmax(self.dim)
