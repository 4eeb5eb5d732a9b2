"""Multi-head cross-attention: the tokens of one sequence attend to those of another.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762 (encoder-decoder attention).
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.scaled_dot_product import attend, merge_heads, pair_axes, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim, b m context_dim, b ..., b ... -> b n dim",
    tokens={"keys": "keep context"},
    paper="Attention Is All You Need, Vaswani et al., 2017, arXiv:1706.03762",
    maps={"softmax": "token_pairs"},
    tags=("encoder-decoder attention", "cross attention", "mask"),
    dtypes={"mask": "bool"},
    examples=({"...": (4, 16, 7)}, {}, {"...": (5,)}),
)
class MultiHeadCrossAttention(nn.Module):
    """Attend from `x` to `context`: softmax(q k^T / sqrt(d)) v in each head, joined by a linear layer.

    Args:
        dim: width of the query tokens.
        context_dim: width of the context tokens.
        num_heads: number of heads.
        head_dim: width of one head; None: dim / num_heads.
        qkv_bias: whether queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.

    Shape: x (N, n, dim) and context (N, m, context_dim), output (N, n, dim); optional: a bool mask, True where a query
    may attend, and a bias that is added to the logits, both (N, keys), (N, queries, keys) or (N, heads, queries, keys).

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given, or mask or bias do not fit.
    """

    def __init__(
        self,
        dim: int,
        context_dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        qkv_bias: bool = True,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        width = num_heads * head_dim
        self.num_heads = num_heads
        self.attn_drop = attn_drop
        self.q = nn.Linear(dim, width, bias=qkv_bias)
        self.kv = nn.Linear(context_dim, 2 * width, bias=qkv_bias)
        self.proj = nn.Linear(width, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """Let `x` (N, n, dim) attend to `context` (N, m, context_dim) where `mask` is True, with `bias` added to the
        logits; returns (N, n, dim).
        """
        q = split_heads(self.q(x), self.num_heads)
        k, v = (split_heads(part, self.num_heads) for part in self.kv(context).chunk(2, dim=-1))
        dropout = self.attn_drop if self.training else 0.0
        x = attend(q, k, v, pair_axes("bias", bias, q, k), dropout, mask=pair_axes("mask", mask, q, k))
        return self.proj_drop(self.proj(merge_heads(x)))
