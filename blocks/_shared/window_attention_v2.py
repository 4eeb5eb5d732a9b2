"""Self-attention inside windows by cosine similarity, with a bias that a small network computes from logarithmic
offsets (Swin V2).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.precision import unit_length
from blocks._shared.relative_position import relative_position_index
from blocks._shared.scaled_dot_product import check_heads, merge_heads, split_heads
from blocks._shared.transformer_init import init_linears
from blocks._shared.window_attention import attend_in_parts


def log_spaced_offsets(window_size: int, pretrained_window_size: int = 0) -> Tensor:
    """Return the offsets (row, column) of a window, ((2w - 1)^2, 2): scaled to +-8, then sign(x) log2(1 + |x|) / 3, so
    within +-1.06.

    A window of one position has the offset 0. With `pretrained_window_size`, offsets are measured in units of that
    window.
    """
    reach = max((pretrained_window_size or window_size) - 1, 1)
    scaled = [8 * offset / reach for offset in range(1 - window_size, window_size)]
    offsets = torch.tensor([math.copysign(math.log2(1 + abs(offset)) / 3, offset) for offset in scaled])
    return torch.cartesian_prod(offsets, offsets)


class CosineWindowAttention(nn.Module):
    """softmax(tau cos(q, k) + B) v within each window; parameters as in timm 1.0.31
    `swin_transformer_v2.WindowAttention`.
    """

    offsets: Tensor
    index: Tensor
    k_bias: Tensor

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window_size: int,
        pretrained_window_size: int = 0,
        qkv_bias: bool = True,
        attn_drop: float = 0.0,
        proj_drop: float = 0.0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        check_heads(num_heads, dim)
        self.num_heads = num_heads
        self.attn_drop = attn_drop
        self.tokens = window_size**2
        self.logit_scale = nn.Parameter(torch.full((num_heads, 1, 1), math.log(10)))
        # A bias of the keys would cancel in the softmax of dot products, and the paper has none.
        self.q_bias = nn.Parameter(torch.zeros(dim)) if qkv_bias else None
        self.v_bias = nn.Parameter(torch.zeros(dim)) if qkv_bias else None
        self.register_buffer("k_bias", torch.zeros(dim) if qkv_bias else None, persistent=False)
        self.position_mlp = nn.Sequential(nn.Linear(2, 512), nn.ReLU(), nn.Linear(512, num_heads, bias=False))
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        self.register_buffer("offsets", log_spaced_offsets(window_size, pretrained_window_size), persistent=False)
        self.register_buffer("index", relative_position_index(window_size, window_size).flatten(), persistent=False)
        init_linears(self)

    def position_bias(self) -> Tensor:
        """Return the bias (heads, w * w, w * w), each entry in (0, 16)."""
        table = 16 * torch.sigmoid(self.position_mlp(self.offsets))
        return table.index_select(0, self.index).view(self.tokens, self.tokens, -1).permute(2, 0, 1)

    def forward(self, windows: Tensor, mask: Tensor | None = None) -> Tensor:
        """Attend within `windows` (N * windows, w * w, dim), where `mask` (windows, w * w, w * w) is True; returns the
        same shape.
        """
        added = None
        if self.q_bias is not None and self.v_bias is not None:
            added = torch.cat((self.q_bias, self.k_bias, self.v_bias))
        q, k, v = (
            split_heads(part, self.num_heads) for part in F.linear(windows, self.qkv.weight, added).chunk(3, dim=-1)
        )
        q = unit_length(q) * self.logit_scale.clamp(max=math.log(100)).exp()
        k = unit_length(k)
        dropout = self.attn_drop if self.training else 0.0
        x = attend_in_parts(q.to(v.dtype), k.to(v.dtype), v, self.position_bias(), mask, dropout, scale=1.0)
        return self.proj_drop(self.proj(merge_heads(x)))
