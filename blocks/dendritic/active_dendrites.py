"""Active dendrites: a linear layer whose units are gated by the dendritic segment that responds most strongly to a
context.

Iyer et al., "Avoiding Catastrophe: Active Dendrites Enable Multi-Task Learning in Dynamic Environments", 2021,
arXiv:2201.00042: y = (w x + b) * sigmoid(max_j u_j c). With `absolute_max` the segment with the largest |u_j c| is
selected and its sign kept, as in the paper's code.
Differs from the paper: weights are dense from the start; the paper fixes half of them at zero.
"""

import math
from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b ... in_features, b context_features -> b ... units",
    paper=(
        "Avoiding Catastrophe: Active Dendrites Enable Multi-Task Learning in Dynamic Environments, Iyer et al., "
        "2021, arXiv:2201.00042"
    ),
    maps={"strength": "segment"},
    tags=("dendrite", "continual learning", "context", "gating", "catastrophic forgetting"),
)
class ActiveDendrites(nn.Module):
    """Linear layer with dendrites: each unit is gated by the strongest of its segments.

    Args:
        in_features: size of the feedforward input.
        context_features: size of the context vector.
        units: number of units, the size of the output.
        segments: number of dendritic segments per unit; the paper uses one per task.
        absolute_max: select the segment with the largest absolute response instead of the largest response.

    Shape: x (N, ..., in_features) and context (N, context_features); output (N, ..., units).

    Raises:
        ValueError: if `units` or `segments` is not positive.
    """

    def __init__(
        self,
        in_features: int,
        context_features: int,
        units: int = 128,
        segments: Annotated[int, (1, 1000)] = 10,
        absolute_max: bool = False,
    ) -> None:
        super().__init__()
        check_positive(units=units, segments=segments)
        self.absolute_max = absolute_max
        self.linear = nn.Linear(in_features, units)
        bound = 1 / math.sqrt(context_features)
        self.segments = nn.Parameter(torch.empty(units, segments, context_features).uniform_(-bound, bound))
        # A submodule of its own, so that inspection can read the values that the selection is based on.
        self.strength = nn.Identity()
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Respond to `x` (N, ..., in_features) in `context` (N, context_features); returns (N, ..., units)."""
        responses = torch.einsum("bc,usc->bus", context, self.segments)
        strength = self.strength(responses.abs() if self.absolute_max else responses)
        # Only the selected segment gets a gradient, so only it learns.
        strongest = responses.gather(2, strength.argmax(2, keepdim=True)).squeeze(2)
        gate = self.gate(strongest)
        return self.linear(x) * gate.view(gate.shape[0], *(1,) * (x.ndim - 2), gate.shape[1])
