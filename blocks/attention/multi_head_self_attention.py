"""Multi-head self-attention: every token attends to every token, in several subspaces in parallel.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762; in vision: Dosovitskiy et al., "An Image is
Worth 16x16 Words", ICLR 2021, arXiv:2010.11929. Same parameters as `Attention` of timm 1.0.31; qk_norm after Dehghani
et al., "Scaling Vision Transformers to 22 Billion Parameters", 2023, arXiv:2302.05442.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.scaled_dot_product import attend, check_heads, merge_heads, split_heads
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper="Attention Is All You Need, Vaswani et al., 2017, arXiv:1706.03762",
    maps={"softmax": "token_pairs"},
    tags=("mhsa", "self-attention", "scaled dot-product"),
)
class MultiHeadSelfAttention(nn.Module):
    """Mix tokens by softmax(q k^T / sqrt(d)) v in each head, then join the heads by a linear layer.

    Args:
        dim: token width.
        num_heads: number of heads.
        head_dim: width of one head; None: dim / num_heads.
        qkv_bias: whether queries, keys and values have a bias.
        qk_norm: whether queries and keys are layer-normalised within each head.
        causal: whether a token attends only to itself and earlier tokens.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        norm_eps: added to the variance in the normalisations of queries and keys.

    Shape: input (N, n, dim), output (N, n, dim).

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        qkv_bias: bool = True,
        qk_norm: bool = False,
        causal: bool = False,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
    ) -> None:
        super().__init__()
        if head_dim is None:
            check_heads(num_heads, dim)
            head_dim = dim // num_heads
        self.num_heads = num_heads
        self.attn_drop = attn_drop
        self.causal = causal
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim, bias=qkv_bias)
        self.q_norm = nn.LayerNorm(head_dim, eps=norm_eps) if qk_norm else nn.Identity()
        self.k_norm = nn.LayerNorm(head_dim, eps=norm_eps) if qk_norm else nn.Identity()
        self.proj = nn.Linear(num_heads * head_dim, dim)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the tokens `x` (N, n, dim); returns the same shape."""
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(x).chunk(3, dim=-1))
        dropout = self.attn_drop if self.training else 0.0
        x = attend(self.q_norm(q), self.k_norm(k), v, dropout=dropout, causal=self.causal)
        return self.proj_drop(self.proj(merge_heads(x)))
