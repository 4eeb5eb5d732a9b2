"""Concatenation of two or more tensors along one axis: joins dense and inception-like branches."""

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(shape="b ... -> b ...", tokens="keep | join", tags=("cat", "join", "dense", "stack"), role="merge", sign="C")
class Concat(nn.Module):
    """Join tensors along one axis.

    Args:
        dim: the axis: 1 joins channels of maps and vectors or token sequences, -1 joins the widths of tokens.

    Shape: inputs (N, ...) that agree on every other axis; output (N, ...) with the sizes along `dim` added.

    Raises:
        ValueError: if `dim` is 0, there is no input, or the inputs disagree on another axis.
    """

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        if dim == 0:
            raise ValueError("dim: 0 is the batch, expected another axis such as 1")
        self.dim = dim

    def forward(self, *inputs: Tensor) -> Tensor:
        """Join all of `inputs`."""
        if not inputs:
            raise ValueError("inputs: none is connected, expected at least one")
        first = inputs[0]
        if not -first.ndim < self.dim < first.ndim:
            raise ValueError(f"dim: {self.dim} is no axis of shape {tuple(first.shape)} after the batch")
        dim = self.dim % first.ndim
        for number, x in enumerate(inputs[1:], start=2):
            if x.ndim != first.ndim or any(
                m != n for axis, (m, n) in enumerate(zip(x.shape, first.shape, strict=True)) if axis != dim
            ):
                raise ValueError(
                    f"input {number}: shape {tuple(x.shape)} must equal {tuple(first.shape)} of input 1 "
                    f"but for axis {dim}"
                )
        return torch.cat(inputs, dim)
