"""A layer of the forward-forward algorithm: it learns on its own to be active for real data and inactive for negative
data.

Hinton, "The Forward-Forward Algorithm: Some Preliminary Investigations", 2022, arXiv:2212.13345. The input is scaled to
length 1 (times the root of its size with `rms`), so that only its direction carries information from the layer below;
p(positive) = sigmoid(goodness - threshold).
"""

from typing import Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice, check_positive
from blocks.spec import block


@block(
    shape="b in_features -> b out_features, b",
    paper="The Forward-Forward Algorithm: Some Preliminary Investigations, Hinton, 2022, arXiv:2212.13345",
    tags=("ff", "hinton", "local learning", "goodness"),
    outputs=("out", "goodness"),
    exceptions={"input_gradient": "the gradient stops at the input, so that each layer learns alone"},
)
class FFLinear(nn.Module):
    """Linear layer with ReLU on a length-normalised input, and its goodness: the sum of squared activities.

    Args:
        in_features: size of the input.
        out_features: number of units.
        normalize: what the input is scaled to: length 1, root mean square 1, or not at all (first layer).
        goodness: sum or mean of the squared activities.
        local: stop the gradient at the input, so that each layer learns from its own goodness only.

    Shape: input (N, in_features); outputs (N, out_features) and (N,).

    Raises:
        ValueError: if `out_features` is not positive, or `normalize` or `goodness` is unknown.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int = 500,
        normalize: Literal["length", "rms", "none"] = "length",
        goodness: Literal["sum", "mean"] = "sum",
        local: bool = True,
    ) -> None:
        super().__init__()
        check_positive(out_features=out_features)
        check_choice("normalize", normalize, "length", "rms", "none")
        check_choice("goodness", goodness, "sum", "mean")
        self.normalize = normalize
        self.goodness = goodness
        self.local = local
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Respond to `x` (N, in_features); returns activities (N, out_features) and goodness (N,)."""
        if self.local:
            x = x.detach()
        if self.normalize != "none":
            length = x.norm(dim=1, keepdim=True)
            x = x / (length * (x.shape[1] ** -0.5 if self.normalize == "rms" else 1.0) + 1e-4)
        out = self.linear(x).relu()
        squares = out.square()
        return out, squares.sum(1) if self.goodness == "sum" else squares.mean(1)
