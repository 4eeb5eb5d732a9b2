"""The mask of the words of padded sentences.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762: sentences of a batch are filled up to one
length, and nothing attends to what fills them.
"""

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b n -> b n",
    paper="Attention Is All You Need, Vaswani et al., 2017, arXiv:1706.03762",
    tags=("mask", "padding", "language", "sequence length"),
    dtypes={"tokens": "int64"},
)
class PaddingMask(nn.Module):
    """Return True where a token is a word, for the `mask` of attentions.

    Args:
        padding_token: the token id that fills sentences up.

    Shape: tokens (N, n), integers; output (N, n), bool.
    """

    def __init__(self, padding_token: int = 0) -> None:
        super().__init__()
        self.padding_token = padding_token

    def forward(self, tokens: Tensor) -> Tensor:
        """Compare `tokens` (N, n) with the padding; returns (N, n)."""
        return tokens != self.padding_token
