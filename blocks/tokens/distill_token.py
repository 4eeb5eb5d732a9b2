"""The distillation token: a second class token, which learns from a teacher's predictions.

Touvron et al., "Training data-efficient image transformers & distillation through attention", ICML 2021,
arXiv:2012.12877.
"""

from torch import Tensor, nn

from blocks._shared.learned_tokens import check_after, insert_tokens, make_tokens
from blocks.spec import block


@block(
    shape="b n dim -> b n+1 dim",
    tokens={"out": "front distillation after", "expects": "prefix after"},
    paper=(
        "Training data-efficient image transformers & distillation through attention, Touvron et al., 2020, "
        "arXiv:2012.12877"
    ),
    tags=("deit", "teacher", "distillation", "token"),
    no_decay=("token",),
)
class DistillToken(nn.Module):
    """Insert a learned token after the class token.

    Args:
        dim: token width.
        after: number of tokens in front of it: 1 for a class token.

    Shape: input (N, n, dim), output (N, n + 1, dim).

    Raises:
        ValueError: if `after` is negative or there are fewer tokens.
    """

    def __init__(self, dim: int, after: int = 1) -> None:
        super().__init__()
        check_after(after)
        self.after = after
        self.token = make_tokens(1, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Insert the token into `x` (N, n, dim); returns (N, n + 1, dim)."""
        return insert_tokens(x, self.token, self.after)
