"""Cross-covariance attention: channels attend to channels, so that the cost grows only linearly with the number of
tokens.

El-Nouby et al., "XCiT: Cross-Covariance Image Transformers", NeurIPS 2021, arXiv:2106.09681. Same parameters as `XCA`
of timm 1.0.31.
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.precision import unit_length
from blocks._shared.scaled_dot_product import merge_heads, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper="XCiT: Cross-Covariance Image Transformers, El-Nouby et al., 2021, arXiv:2106.09681",
    maps={"softmax": "channel_pairs"},
    tags=("xcit", "channel attention", "cross-covariance"),
    no_decay=("temperature",),
)
class XCA(nn.Module):
    """Compute softmax(tau * k^T q) over channels (d x d) in each head, with q and k of unit length along the tokens.

    Args:
        dim: token width.
        num_heads: number of heads; each mixes dim / num_heads channels.
        head_dim: width of one head; None: dim / num_heads.
        qkv_bias: whether queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.

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
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        self.num_heads = num_heads
        self.attn_drop = attn_drop
        self.temperature = nn.Parameter(torch.ones(num_heads, 1, 1))
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim, bias=qkv_bias)
        self.proj = nn.Linear(num_heads * head_dim, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the channels of the tokens `x` (N, n, dim); returns the same shape."""
        q, k, v = (split_heads(part, self.num_heads).transpose(-2, -1) for part in self.qkv(x).chunk(3, dim=-1))
        q = unit_length(q) * self.temperature
        k = unit_length(k)
        # Written out: d x d weights are small, and no fused kernel takes vectors as long as a sequence.
        weights = F.dropout(
            (q.to(v.dtype) @ k.to(v.dtype).transpose(-2, -1)).softmax(dim=-1), self.attn_drop, self.training
        )
        x = weights.to(v.dtype) @ v
        return self.proj_drop(self.proj(merge_heads(x.transpose(-2, -1))))
