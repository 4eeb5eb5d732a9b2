"""Batch normalisation of vectors and of signals.

Ioffe, Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift", 2015,
arXiv:1502.03167.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c ... -> b c ...",
    paper="Batch Normalization: Accelerating Deep Network Training, Ioffe and Szegedy, 2015, arXiv:1502.03167",
    tags=("bn", "norm", "normalization"),
    aliases={"channels": "c"},
    examples=({"c": 32, "...": ()}, {"c": 64, "...": (20,)}, {"c": 96, "...": ()}),
)
class BatchNorm1d(nn.BatchNorm1d):
    """Normalise every channel over the batch, and over the steps of a signal, then scale and shift it.

    Args:
        channels: number of input channels C.
        eps: added to the variance.
        momentum: weight of the new batch in the running mean and variance.

    Shape: input (N, C) or (N, C, L), output of the same shape.

    Raises:
        ValueError: if the input has other axes.
    """

    def __init__(
        self, channels: int, eps: Annotated[float, (0, 1)] = 1e-5, momentum: Annotated[float, (0, 1)] = 0.1
    ) -> None:
        super().__init__(channels, eps=eps, momentum=momentum)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` (N, C) or (N, C, L); returns the same shape."""
        if x.ndim not in (2, 3):
            raise ValueError(f"x: shape {tuple(x.shape)} has {x.ndim} axes, expected (N, C) or (N, C, L)")
        return super().forward(x)
