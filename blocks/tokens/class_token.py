"""The class token: a learned first token, whose output the classifier reads.

Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, arXiv:2010.11929. Starts at N(0, 0.02) truncated at +-2
(timm 1.0.31: 1e-6).
"""

from torch import Tensor, nn

from blocks._shared.learned_tokens import insert_tokens, make_tokens
from blocks.spec import block


@block(
    shape="b n dim -> b n+1 dim",
    tokens="front class",
    paper=(
        "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale, Dosovitskiy et al., 2020, "
        "arXiv:2010.11929"
    ),
    tags=("cls", "vit", "token"),
    no_decay=("token",),
)
class ClassToken(nn.Module):
    """Put one learned token in front of the others.

    Args:
        dim: token width.

    Shape: input (N, n, dim), output (N, n + 1, dim).
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.token = make_tokens(1, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Put the class token in front of `x` (N, n, dim); returns (N, n + 1, dim)."""
        return insert_tokens(x, self.token, 0)
