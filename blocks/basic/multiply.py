"""Element-wise product of two or more tensors: how a gate is applied."""

import torch
from torch import Tensor, nn

from blocks.spec import block


@block(shape="b ... -> b ...", tags=("gate", "product", "times", "scale"), role="merge", sign="×")
class Multiply(nn.Module):
    """Multiply tensors; an axis of size 1 is stretched, so a gate (N, C, 1, 1) scales a map (N, C, H, W).

    Shape: inputs of one rank (N, ...), each axis of one size or 1; output (N, ...) with the larger sizes.

    Raises:
        ValueError: if there is no input, or the ranks or sizes do not fit.
    """

    def forward(self, *inputs: Tensor) -> Tensor:
        """Multiply all of `inputs`; returns the stretched shape."""
        if not inputs:
            raise ValueError("inputs: none is connected, expected at least one")
        product = inputs[0]
        for number, x in enumerate(inputs[1:], start=2):
            fits = x.ndim == product.ndim and all(
                m == n or 1 in (m, n) for m, n in zip(x.shape, product.shape, strict=True)
            )
            if not fits:
                sizes = f"{tuple(x.shape)} does not fit {tuple(product.shape)}"
                raise ValueError(f"input {number}: shape {sizes}; each axis must have the same size or size 1")
            product = torch.mul(product, x)
        return product
