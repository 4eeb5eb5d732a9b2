"""k-winner-take-all: the k largest activations remain, the others become zero.

Iyer et al., "Avoiding Catastrophe: Active Dendrites Enable Multi-Task Learning in Dynamic Environments", 2021,
arXiv:2201.00042. Boosting after Ahmad, Scheinkman, "How Can We Be So Dense? The Benefits of Using Highly Sparse
Representations", 2019, arXiv:1903.11257: the selection favours units that seldom win by exp(boost_strength * (share -
duty cycle)); their values do not change.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b ... features -> b ... features",
    paper=(
        "Avoiding Catastrophe: Active Dendrites Enable Multi-Task Learning in Dynamic Environments, Iyer et al., "
        "2021, arXiv:2201.00042"
    ),
    tags=("kwta", "sparse", "winner take all", "sparsity"),
)
class KWinners(nn.Module):
    """Keep the k largest values along the last axis and set the rest to zero.

    Args:
        features: size of the last axis.
        share: share of the values that remain: k = share * features, rounded, at least 1.
        boost_strength: how much units that seldom win are favoured; 0: not at all.
        duty_period: number of past training samples that the duty cycle covers.

    Shape: input (N, ..., features), output (N, ..., features).

    Raises:
        ValueError: if `share` is not above 0 and at most 1, or `boost_strength` is negative.
    """

    duty_cycle: Tensor

    def __init__(
        self,
        features: int,
        share: Annotated[float, (0, 1)] = 0.1,
        boost_strength: Annotated[float, (0, 10)] = 0.0,
        duty_period: int = 1000,
    ) -> None:
        super().__init__()
        if not 0 < share <= 1:
            raise ValueError(f"share: {share} is not above 0 and at most 1")
        if boost_strength < 0:
            raise ValueError(f"boost_strength: {boost_strength} is negative, expected 0 or more")
        check_positive(duty_period=duty_period)
        self.k = max(1, round(share * features))
        self.boost_strength = boost_strength
        self.duty_period = duty_period
        if boost_strength:
            self.register_buffer("duty_cycle", torch.full((features,), self.k / features))

    def forward(self, x: Tensor) -> Tensor:
        """Keep the winners of `x` (N, ..., features); returns the same shape."""
        rank = x
        if self.boost_strength:
            rank = x * torch.exp(self.boost_strength * (self.k / x.shape[-1] - self.duty_cycle)).to(x.dtype)
        winners = rank.topk(self.k, dim=-1).indices
        mask = torch.zeros_like(x).scatter(-1, winners, 1.0)
        if self.boost_strength and self.training:
            won = mask.detach().reshape(-1, x.shape[-1]).to(self.duty_cycle.dtype)
            weight = min(1.0, won.shape[0] / self.duty_period)
            self.duty_cycle.lerp_(won.mean(0), weight)
        return x * mask
