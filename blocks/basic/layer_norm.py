"""Layer normalisation of tokens and vectors.

Ba, Kiros, Hinton, "Layer Normalization", 2016, arXiv:1607.06450. `eps` is 1e-6 as in Vision Transformers (PyTorch:
1e-5).
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="... dim -> ... dim",
    paper="Layer Normalization, Ba et al., 2016, arXiv:1607.06450",
    tags=("ln", "norm", "normalization"),
)
class LayerNorm(nn.LayerNorm):
    """Normalise every vector along the last axis, then scale and shift it.

    Args:
        dim: size of the last axis.
        eps: added to the variance.
        bias: whether a shift is learned.

    Shape: input (..., dim), output (..., dim).
    """

    def __init__(self, dim: int, eps: Annotated[float, (0, 1)] = 1e-6, bias: bool = True) -> None:
        super().__init__(dim, eps=eps, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` (..., dim); returns the same shape."""
        return super().forward(x)
