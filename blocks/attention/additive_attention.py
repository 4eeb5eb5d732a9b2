"""Additive attention: a small neural network scores a query against a key, instead of a dot product.

Bahdanau, Cho, Bengio, "Neural Machine Translation by Jointly Learning to Align and Translate", ICLR 2015,
arXiv:1409.0473.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks._shared.scaled_dot_product import masked_softmax
from blocks.spec import block


@block(
    shape="b n dim, b m context_dim, b m -> b n context_dim",
    tokens={"keys": "keep context"},
    paper=(
        "Neural Machine Translation by Jointly Learning to Align and Translate, Bahdanau et al., 2015, arXiv:1409.0473"
    ),
    maps={"softmax": "token_pairs"},
    tags=("bahdanau", "alignment", "mlp attention", "recurrent attention", "mask"),
    dtypes={"mask": "bool"},
)
class AdditiveAttention(nn.Module):
    """Average the context tokens h_j with weights softmax_j(v^T tanh(W s_i + U h_j)).

    Args:
        dim: width of the queries s.
        context_dim: width of the context tokens h.
        hidden_dim: hidden width of the alignment network.

    Shape: inputs query (N, n, dim) and context (N, m, context_dim), output (N, n, context_dim); optional: a bool mask
    (N, m), True for the context tokens that are attended to.

    Raises:
        ValueError: if hidden_dim is below 1.
    """

    def __init__(self, dim: int, context_dim: int, hidden_dim: Annotated[int, (1, 4096)] = 64) -> None:
        super().__init__()
        check_positive(hidden_dim=hidden_dim)
        self.query = nn.Linear(dim, hidden_dim, bias=False)
        self.key = nn.Linear(context_dim, hidden_dim, bias=False)
        self.score = nn.Linear(hidden_dim, 1, bias=False)

    def forward(self, query: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """Let `query` (N, n, dim) attend to `context` (N, m, context_dim) where `mask` (N, m) is True; returns (N, n,
        context_dim).
        """
        hidden = torch.tanh(self.query(query)[:, :, None] + self.key(context)[:, None])
        logits = self.score(hidden).squeeze(-1)[:, None]
        weights = masked_softmax(logits, None if mask is None else mask[:, None, None]).squeeze(1)
        return weights @ context
