"""Root mean square normalisation.

Zhang, Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019, arXiv:1910.07467.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="... dim -> ... dim",
    paper="Root Mean Square Layer Normalization, Zhang and Sennrich, 2019, arXiv:1910.07467",
    tags=("rms", "norm", "normalization"),
)
class RMSNorm(nn.RMSNorm):
    """Divide every vector along the last axis by its root mean square, then scale it.

    Args:
        dim: size of the last axis.
        eps: added to the mean square.

    Shape: input (..., dim), output (..., dim).
    """

    def __init__(self, dim: int, eps: Annotated[float, (0, 1)] = 1e-6) -> None:
        super().__init__(dim, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` (..., dim); returns the same shape."""
        return super().forward(x)
