"""Element-wise sum of two or more tensors: joins a residual branch."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b ... -> b ...", tags=("residual", "sum", "skip", "plus"), role="merge", sign="+")
class Add(nn.Module):
    """Add tensors of one shape.

    Shape: inputs of one shape (N, ...), output (N, ...).

    Raises:
        ValueError: if there is no input or the shapes differ.
    """

    def forward(self, *inputs: Tensor) -> Tensor:
        """Add all of `inputs`; returns their shape."""
        if not inputs:
            raise ValueError("inputs: none is connected, expected at least one")
        total = inputs[0]
        for number, x in enumerate(inputs[1:], start=2):
            if x.shape != total.shape:
                raise ValueError(
                    f"input {number}: shape {tuple(x.shape)} differs from {tuple(total.shape)} of input 1; "
                    f"a sum needs equal shapes"
                )
            total = total + x
        return total
