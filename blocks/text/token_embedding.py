"""Token embeddings, scaled by the square root of their width.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762, section 3.4. Starts at N(0, 1 / sqrt(dim)),
so that scaled vectors have variance 1.
"""

import math

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b n -> b n dim",
    tokens="lost word",
    paper="Attention Is All You Need, Vaswani et al., 2017, arXiv:1706.03762",
    tags=("word", "vocabulary", "lookup", "language"),
    dtypes={"tokens": "int64"},
    examples=(
        {"n": 16, "vocab_size": 50},
        {"n": 50, "vocab_size": 100, "scale": False},
        {"n": 9, "vocab_size": 33, "dim": 20},
    ),
)
class TokenEmbedding(nn.Module):
    """Look up a learned vector for each token id.

    Args:
        vocab_size: number of different tokens.
        dim: token width.
        scale: whether vectors are multiplied by sqrt(dim).

    Shape: tokens (N, n), integers from 0 to vocab_size - 1; output (N, n, dim).

    Raises:
        ValueError: if a size is not positive.
    """

    def __init__(self, vocab_size: int = 10000, dim: int = 128, scale: bool = True) -> None:
        super().__init__()
        check_positive(vocab_size=vocab_size, dim=dim)
        self.scale = math.sqrt(dim) if scale else 1.0
        self.embedding = nn.Embedding(vocab_size, dim)
        nn.init.normal_(self.embedding.weight, std=dim**-0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed `tokens` (N, n); returns (N, n, dim)."""
        return self.embedding(tokens) * self.scale
