"""A linear layer along the last axis."""

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="... in_features -> ... out_features",
    tags=("dense", "fully connected", "fc", "projection"),
    role="project_features",
)
class Linear(nn.Linear):
    """Multiply the last axis by a learned matrix.

    Args:
        in_features: size of the last axis.
        out_features: size of the last axis of the output.
        bias: whether a bias is learned.

    Shape: input (..., in_features), output (..., out_features).

    Raises:
        ValueError: if `out_features` is not positive.
    """

    def __init__(self, in_features: int, out_features: int = 128, bias: bool = True) -> None:
        check_positive(out_features=out_features)
        super().__init__(in_features, out_features, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map `x` (..., in_features) to (..., out_features)."""
        return super().forward(x)
