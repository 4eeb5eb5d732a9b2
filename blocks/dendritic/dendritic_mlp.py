"""The network of active dendrites: two sparse layers of dendritic units and a linear output.

Iyer et al., "Avoiding Catastrophe: Active Dendrites Enable Multi-Task Learning in Dynamic Environments", 2021,
arXiv:2201.00042. For permuted MNIST the paper uses 2048 units per layer, as many segments as tasks and 5 % winners.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.dendritic.active_dendrites import ActiveDendrites
from blocks.dendritic.k_winners import KWinners
from blocks.spec import block


@block(
    shape="b in_features, b context_features -> b num_classes",
    paper=(
        "Avoiding Catastrophe: Active Dendrites Enable Multi-Task Learning in Dynamic Environments, Iyer et al., "
        "2021, arXiv:2201.00042"
    ),
    maps={"hidden_1.strength": "segment", "hidden_2.strength": "segment"},
    tags=("dendrite", "continual learning", "context", "sparse", "mlp"),
)
class DendriticMlp(nn.Module):
    """Classify a vector in a context; each context activates its own sparse set of units.

    Args:
        in_features: size of the input.
        context_features: size of the context vector.
        num_classes: number of classes.
        hidden_dim: units of each of the two hidden layers.
        segments: dendritic segments per unit.
        share: share of units that stay active.
        absolute_max: select the segment with the largest absolute response instead of the largest response.

    Shape: x (N, in_features) and context (N, context_features); output (N, num_classes).

    Raises:
        ValueError: if a size is not positive or `share` is not above 0 and at most 1.
    """

    def __init__(
        self,
        in_features: int,
        context_features: int,
        num_classes: int = 10,
        hidden_dim: int = 256,
        segments: Annotated[int, (1, 1000)] = 10,
        share: Annotated[float, (0, 1)] = 0.05,
        absolute_max: bool = False,
    ) -> None:
        super().__init__()
        check_positive(num_classes=num_classes, hidden_dim=hidden_dim)
        self.hidden_1 = ActiveDendrites(in_features, context_features, hidden_dim, segments, absolute_max)
        self.winners_1 = KWinners(hidden_dim, share)
        self.hidden_2 = ActiveDendrites(hidden_dim, context_features, hidden_dim, segments, absolute_max)
        self.winners_2 = KWinners(hidden_dim, share)
        self.out = nn.Linear(hidden_dim, num_classes)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Classify `x` (N, in_features) in `context` (N, context_features); returns logits (N, num_classes)."""
        x = self.winners_1(self.hidden_1(x, context))
        x = self.winners_2(self.hidden_2(x, context))
        return self.out(x)
