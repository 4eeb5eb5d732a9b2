"""The generator: log-probabilities of the next token.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762; as in "The Annotated Transformer", Rush et
al., 2018. Train it with the negative log-likelihood, or with cross entropy, which gives the same.
"""

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="... dim -> ... vocab_size",
    paper="Attention Is All You Need, Vaswani et al., 2017, arXiv:1706.03762",
    tags=("word", "vocabulary", "language", "log softmax", "decoder", "output"),
    examples=({"dim": 32, "vocab_size": 50}, {"dim": 64, "vocab_size": 100}, {"dim": 96, "vocab_size": 33}),
)
class GeneratorHead(nn.Module):
    """Map each token's vector to log-probabilities over the vocabulary.

    Args:
        dim: token width.
        vocab_size: number of different tokens.

    Shape: input (..., dim), output (..., vocab_size).

    Raises:
        ValueError: if `vocab_size` is not positive.
    """

    def __init__(self, dim: int, vocab_size: int = 10000) -> None:
        super().__init__()
        check_positive(vocab_size=vocab_size)
        self.proj = nn.Linear(dim, vocab_size)

    def forward(self, x: Tensor) -> Tensor:
        """Predict from `x` (..., dim); returns log-probabilities (..., vocab_size)."""
        return self.proj(x).log_softmax(-1)
