"""Stochastic depth: during training, the residual branch of randomly drawn samples is dropped.

Huang, Sun, Liu, Sedra, Weinberger, "Deep Networks with Stochastic Depth", ECCV 2016, arXiv:1603.09382.
Differs from the paper: surviving branches are divided by the survival rate in training, so that evaluation needs no
scaling (as in timm 1.0.31 `DropPath`); each sample is drawn separately, where the paper draws once per batch.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b ... -> b ...",
    paper="Deep Networks with Stochastic Depth, Huang et al., 2016, arXiv:1603.09382",
    tags=("stochastic depth", "regularisation"),
    role="dropout",
    rates=("rate",),
)
class DropPath(nn.Module):
    """Set whole samples of a residual branch to zero at random while training.

    Args:
        rate: probability that a sample's branch is dropped.

    Shape: input (N, ...), output the same.

    Raises:
        ValueError: if the rate is not in [0, 1).
    """

    def __init__(self, rate: Annotated[float, (0.0, 1.0)] = 0.0) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"rate: {rate} is not in [0, 1)")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Drop samples of `x` (N, ...); returns the same shape."""
        if not self.training or self.rate == 0:
            return x
        keep = 1 - self.rate
        mask = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(keep)
        return x * (mask / keep)

    def extra_repr(self) -> str:
        """Show the rate when printed."""
        return f"rate={self.rate}"
