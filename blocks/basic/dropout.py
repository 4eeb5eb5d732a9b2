"""Dropout.

Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 2014. Whole channels:
Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2014, arXiv:1411.4280.
"""

from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional as F

from blocks.spec import block


@block(
    shape="b ... -> b ...",
    paper="Dropout: A Simple Way to Prevent Neural Networks from Overfitting, Srivastava et al., 2014",
    tags=("regularization", "drop"),
    role="dropout",
    rates=("drop",),
)
class Dropout(nn.Module):
    """Set random elements to zero in training, and scale up the rest.

    Args:
        drop: share of elements that are dropped.
        channels: drop whole channels (axis 1) instead of elements.

    Shape: input (N, ...), output (N, ...).

    Raises:
        ValueError: if `drop` is not from 0 to 1, or whole channels of a vector would be dropped.
    """

    def __init__(self, drop: Annotated[float, (0, 1)] = 0.1, channels: bool = False) -> None:
        super().__init__()
        if not 0 <= drop <= 1:
            raise ValueError(f"drop: {drop} is not from 0 to 1")
        self.drop = drop
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """Drop parts of `x` in training; returns the same shape."""
        if not self.channels:
            return F.dropout(x, self.drop, self.training)
        if x.ndim < 3:
            raise ValueError(
                f"channels: shape {tuple(x.shape)} has no axis after the channels, expected at least 3 axes"
            )
        mask = F.dropout(x.new_ones(x.shape[0], x.shape[1], *(1,) * (x.ndim - 2)), self.drop, self.training)
        return x * mask
