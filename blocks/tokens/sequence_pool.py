"""Sequence pooling: the mean of the tokens under learned attention weights, in place of a class token.

Hassani et al., "Escaping the Big Data Paradigm with Compact Transformers", 2021, arXiv:2104.05704: softmax(g(x)^T) x.
"""

from torch import Tensor, nn

from blocks._shared.scaled_dot_product import masked_softmax
from blocks.spec import block


@block(
    shape="b n dim, b n -> b dim",
    tokens={"queries": "lost pooled", "keys": "keep x"},
    paper="Escaping the Big Data Paradigm with Compact Transformers, Hassani et al., 2021, arXiv:2104.05704",
    maps={"softmax": "token_pairs"},
    tags=("cct", "seqpool", "pool", "attention pooling", "mask"),
    dtypes={"mask": "bool"},
    converts="tokens -> vector",
)
class SequencePool(nn.Module):
    """Average the tokens with learned weights.

    Args:
        dim: token width.
        bias: whether the score has a bias, as in the authors' code; the softmax cancels it.

    Shape: x (N, n, dim), output (N, dim); optional: a bool mask (N, n), True for the tokens that are averaged.
    """

    def __init__(self, dim: int, bias: bool = False) -> None:
        super().__init__()
        self.score = nn.Linear(dim, 1, bias=bias)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Pool `x` (N, n, dim), of which `mask` (N, n) is True for the tokens that count; returns (N, dim)."""
        logits = self.score(x).transpose(1, 2).unsqueeze(1)
        weight = masked_softmax(logits, None if mask is None else mask[:, None, None])
        return (weight.squeeze(1) @ x).squeeze(1)
