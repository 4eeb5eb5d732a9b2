"""Class attention: only the class token is a query; all tokens are keys and values.

Touvron, Cord, Sablayrolles, Synnaeve, Jegou, "Going deeper with Image Transformers" (CaiT), ICCV 2021,
arXiv:2103.17239. Same parameters as `ClassAttn` of timm 1.0.31.
"""

from typing import Annotated

from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.scaled_dot_product import attend, merge_heads, pair_axes, resolve_head_dim, split_heads
from blocks._shared.talking_heads import mixed_softmax
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim, b n -> b 1 dim",
    tokens={"out": "select 0 1", "queries": "select 0 1", "keys": "keep x", "expects": "class 0"},
    paper="Going deeper with Image Transformers, Touvron et al., 2021, arXiv:2103.17239",
    maps={"softmax": "token_pairs"},
    tags=("cait", "class token", "pooling", "mask"),
    dtypes={"mask": "bool"},
)
class ClassAttention(nn.Module):
    """Let the first token attend to all tokens, itself included; only it is returned.

    Args:
        dim: token width.
        num_heads: number of heads.
        qkv_bias: whether queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.
        head_dim: width of a head; empty: dim / num_heads.
        talking_heads: whether the heads mix their logits and their weights by linear layers.
        mix_bias: whether these layers have a bias.

    Shape: x (N, n, dim), the class token first; output (N, 1, dim); optional: a bool mask (N, n), True for the tokens
    that are attended to.

    Raises:
        ValueError: if num_heads does not divide dim.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        qkv_bias: bool = True,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        head_dim: int | None = None,
        talking_heads: bool = False,
        mix_bias: bool = True,
    ) -> None:
        super().__init__()
        width = num_heads * resolve_head_dim(dim, num_heads, head_dim)
        self.num_heads = num_heads
        self.attn_drop = attn_drop
        self.q = nn.Linear(dim, width, bias=qkv_bias)
        self.k = nn.Linear(dim, width, bias=qkv_bias)
        self.v = nn.Linear(dim, width, bias=qkv_bias)
        self.proj = nn.Linear(width, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        self.talking_heads = talking_heads
        if talking_heads:
            self.mix_logits = nn.Linear(num_heads, num_heads, bias=mix_bias)
            self.mix_weights = nn.Linear(num_heads, num_heads, bias=mix_bias)
        init_linears(self)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Let the first of the tokens `x` (N, n, dim) attend to all, or to those where `mask` (N, n) is True; returns
        (N, 1, dim).
        """
        q, k, v = (split_heads(part, self.num_heads) for part in (self.q(x[:, :1]), self.k(x), self.v(x)))
        pairs, dropout = pair_axes("mask", mask, q, k), self.attn_drop if self.training else 0.0
        if self.talking_heads:
            logits = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
            weights = mixed_softmax(logits, self.mix_logits, self.mix_weights, pairs)
            x = F.dropout(weights, dropout, self.training) @ v
        else:
            x = attend(q, k, v, dropout=dropout, mask=pairs)
        return self.proj_drop(self.proj(merge_heads(x)))
