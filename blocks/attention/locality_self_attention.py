"""Locality self-attention: a learned temperature, and no token attends to itself.

Lee, Lee, Song, "Vision Transformer for Small-Size Datasets", 2021, arXiv:2112.13492. Same parameters as vit-pytorch
1.26.11 `vit_for_small_dataset.LSA` without its input norm (there the heads are 64 wide and q, k, v have no bias).
"""

import math
from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.scaled_dot_product import attend, merge_heads, pair_axes, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim, b ... -> b n dim",
    paper="Vision Transformer for Small-Size Datasets, Lee et al., 2021, arXiv:2112.13492",
    maps={"softmax": "token_pairs"},
    tags=("lsa", "small datasets", "self-attention", "mask"),
    dtypes={"mask": "bool"},
    examples=({"...": (4, 16, 16)}, {}, {"...": (9,)}),
    no_decay=("log_temperature",),
)
class LocalitySelfAttention(nn.Module):
    """Self-attention with a learned temperature and the diagonal of the logits masked.

    Args:
        dim: token width.
        num_heads: number of heads.
        head_dim: width of one head; None: dim / num_heads.
        qkv_bias: whether queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.

    Shape: x (N, n, dim), output (N, n, dim); optional: a bool mask (N, keys), (N, queries, keys) or (N, heads, queries,
    keys), True where a query may attend.

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given, there is only one token, or the mask does
            not fit.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        qkv_bias: bool = True,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        self.num_heads = num_heads
        self.attn_drop = attn_drop
        self.log_temperature = nn.Parameter(torch.tensor(-0.5 * math.log(head_dim)))
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim, bias=qkv_bias)
        self.proj = nn.Linear(num_heads * head_dim, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mix the tokens `x` (N, n, dim) where `mask` is True; returns the same shape."""
        n = x.shape[1]
        if n < 2:
            raise ValueError(f"x: {n} token has no other to look at; at least 2 are needed")
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(x).chunk(3, dim=-1))
        q = q * self.log_temperature.exp().to(q.dtype)
        others = ~torch.eye(n, dtype=torch.bool, device=x.device)
        pairs = pair_axes("mask", mask, q, k)
        others = others if pairs is None else others & pairs
        x = attend(q, k, v, others, dropout=self.attn_drop if self.training else 0.0, scale=1.0)
        return self.proj_drop(self.proj(merge_heads(x)))
