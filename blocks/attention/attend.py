"""Scaled dot-product attention of projected queries, keys and values, to build an attention from its parts.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762. Layers that change queries or keys, such as
RotaryPosition, go between their Linear and this block.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.scaled_dot_product import attend, check_heads, merge_heads, pair_axes, split_heads
from blocks.spec import block


@block(
    shape="b n dim, b m dim, b m value_dim, b ..., b ... -> b n value_dim",
    tokens={"keys": "keep key"},
    paper="Attention Is All You Need, Vaswani et al., 2017, arXiv:1706.03762",
    maps={"softmax": "token_pairs"},
    tags=("scaled dot-product", "sdpa", "query", "key", "value", "qkv", "mask"),
    dtypes={"mask": "bool"},
    examples=({"...": (4, 16, 7), "value_dim": 32}, {}, {"...": (5,), "value_dim": 32}),
)
class Attend(nn.Module):
    """Compute softmax(q k^T / sqrt(d)) v in each head, without any projection.

    Args:
        dim: width of queries and keys, all heads together.
        value_dim: width of the values, all heads together.
        num_heads: number of heads.
        causal: whether a query attends only to the keys up to its own place in the sequence.
        attn_drop: dropout of the attention weights.

    Shape: query (N, n, dim), key (N, m, dim) and value (N, m, value_dim), output (N, n, value_dim); optional: a bool
    mask, True where a query may attend, and a bias that is added to the logits, both (N, keys), (N, queries, keys) or
    (N, heads, queries, keys). A query that may attend to nothing gets zeros.

    Raises:
        ValueError: if num_heads does not divide dim or value_dim, or mask or bias do not fit.
    """

    def __init__(
        self,
        dim: int,
        value_dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        causal: bool = False,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
    ) -> None:
        super().__init__()
        check_heads(num_heads, dim)
        check_heads(num_heads, value_dim, "value_dim")
        self.num_heads = num_heads
        self.causal = causal
        self.attn_drop = attn_drop

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, bias: Tensor | None = None
    ) -> Tensor:
        """Let `query` (N, n, dim) attend to `key` (N, m, dim) where `mask` is True, with `bias` added to the logits;
        returns the weighted means of `value` (N, m, value_dim), (N, n, value_dim).
        """
        q, k, v = (split_heads(part, self.num_heads) for part in (query, key, value))
        dropout = self.attn_drop if self.training else 0.0
        pairs = pair_axes("mask", mask, q, k)
        return merge_heads(attend(q, k, v, pair_axes("bias", bias, q, k), dropout, causal=self.causal, mask=pairs))
