"""Residual attention of RealFormer: each layer adds its logits to those of the layer before.

He, Ravula, Kanagal, Ainslie, "RealFormer: Transformer Likes Residual Attention", Findings of ACL 2021,
arXiv:2012.11747: softmax(q k^T / sqrt(d) + Prev) v, where Prev are the logits of the previous layer before its softmax.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.scaled_dot_product import (
    causal_mask,
    masked_softmax,
    merge_heads,
    pair_axes,
    resolve_head_dim,
    split_heads,
)
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim, b ..., b ... -> b n dim, b num_heads n n",
    tokens={"logits": "lost"},
    paper="RealFormer: Transformer Likes Residual Attention, He et al., 2021, arXiv:2012.11747",
    maps={"softmax": "token_pairs"},
    tags=("realformer", "self-attention", "logits", "scores", "mask"),
    outputs=("out", "logits"),
    dtypes={"mask": "bool"},
    examples=({"...": (4, 16, 16)}, {}, {"...": (9,)}),
)
class ResidualLogitsAttention(nn.Module):
    """Self-attention that adds the logits of the previous layer to its own and passes them on.

    Wire `logits` to the `previous` of the next layer.

    Args:
        dim: token width.
        num_heads: number of heads, the same in all layers.
        head_dim: width of one head; None: dim / num_heads.
        qkv_bias: whether queries, keys and values have a bias.
        causal: whether a token attends only to itself and earlier tokens.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.

    Shape: x (N, n, dim); optional: previous, the logits of the layer before (N, num_heads, n, n), and a bool mask (N,
    keys), (N, queries, keys) or (N, heads, queries, keys), True where a query may attend; outputs: out (N, n, dim) and
    the logits (N, num_heads, n, n) before mask and softmax.

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given, or previous or mask do not fit.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        qkv_bias: bool = True,
        causal: bool = False,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        self.num_heads = num_heads
        self.causal = causal
        self.scale = head_dim**-0.5
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim, bias=qkv_bias)
        self.proj = nn.Linear(num_heads * head_dim, dim, bias=proj_bias)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def forward(self, x: Tensor, previous: Tensor | None = None, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mix the tokens `x` (N, n, dim) where `mask` is True, with the logits `previous` added; returns the same shape
        and the logits.
        """
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(x).chunk(3, dim=-1))
        # Written out: no fused kernel returns the logits.
        logits = (q * self.scale) @ k.transpose(-2, -1)
        earlier, pairs = pair_axes("previous", previous, q, k), pair_axes("mask", mask, q, k)
        if earlier is not None:
            logits = logits + earlier.to(logits.dtype)
        if self.causal:
            past = causal_mask(x.shape[1], x.shape[1], x.device)
            pairs = past if pairs is None else pairs & past
        weights = self.attn_drop(masked_softmax(logits, pairs))
        return self.proj_drop(self.proj(merge_heads(weights.to(v.dtype) @ v))), logits
