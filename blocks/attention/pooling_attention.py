"""Pooling attention: queries, keys and values are pooled as maps, so attention works at, and returns, a lower
resolution.

Fan et al., "Multiscale Vision Transformers", ICCV 2021, arXiv:2104.11227; residual pooling and the decomposed relative
positions q_i . (R_row + R_column) are those of Li et al., "MViTv2", CVPR 2022, arXiv:2112.01526. Same parameters as
`MultiScaleAttention` of timm 1.0.31 without a class token; here the map need not be square, and a pooled axis has
ceil(size / stride) positions for any kernel.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from blocks._shared.channels import check_odd
from blocks._shared.choices import check_choice, check_positive
from blocks._shared.scaled_dot_product import attend, check_heads, merge_heads
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


def pooled_offset_index(queries: int, keys: int) -> Tensor:
    """Return the index of the offset between query i and key j on one axis, in units of the finer one: (queries,
    keys).
    """
    i = torch.arange(queries)[:, None] * max(keys / queries, 1.0)
    j = torch.arange(keys)[None, :] * max(queries / keys, 1.0)
    return (i - j + (keys - 1) * max(queries / keys, 1.0)).long()


class HeadPool(nn.Module):
    """Pool the maps of all heads in the same way; without kernel and stride it is the identity, as in timm."""

    def __init__(self, head_dim: int, kernel_size: int, stride: int, kind: str, norm_eps: float) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.pool: nn.Module = nn.Identity()
        self.norm: nn.Module = nn.Identity()
        if kernel_size == 1 and stride == 1:
            return
        if kind == "conv":
            self.pool = nn.Conv2d(head_dim, head_dim, kernel_size, stride, padding, groups=head_dim, bias=False)
            self.norm = nn.LayerNorm(head_dim, eps=norm_eps)
        else:
            self.pool = (nn.MaxPool2d if kind == "max" else nn.AvgPool2d)(kernel_size, stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        """Pool `x` (B, heads, H, W, d); returns (B, heads, H', W', d)."""
        pooled = self.pool(x.flatten(0, 1).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return self.norm(pooled).unflatten(0, x.shape[:2])


@block(
    shape="b c h w -> b out_channels (h-1)//stride_q+1 (w-1)//stride_q+1",
    tokens={"queries": "grid", "keys": "grid (h-1)//stride_kv+1 (w-1)//stride_kv+1"},
    paper="Multiscale Vision Transformers, Fan et al., 2021, arXiv:2104.11227",
    maps={"softmax": "token_pairs"},
    tags=("mvit", "mvitv2", "multiscale", "residual pooling", "downsample"),
    aliases={"dim": "c"},
    no_decay=("rel_pos_h", "rel_pos_w"),
)
class PoolingAttention(nn.Module):
    """Self-attention over a map between pooled queries, keys and values; no outer norm and no residual connection
    inside.

    Args:
        dim: number of input channels C.
        h: height of the map.
        w: width of the map.
        out_channels: number of output channels; None: the same as the input.
        num_heads: number of attention heads.
        kernel_size: side of the pooling windows, odd.
        stride_q: step of the pooling of queries: the factor by which the map shrinks.
        stride_kv: step of the pooling of keys and values.
        pool: depthwise convolution and layer norm, maximum, or mean.
        residual_pooling: whether the pooled queries are added to the attended values.
        relative_bias: whether logits depend on row and column offsets.
        qkv_bias: whether queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.
        norm_eps: term under the root of the layer norms.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride_q), ceil(W / stride_q)).

    Raises:
        ValueError: if num_heads does not divide out_channels, kernel_size is even, a stride is below 1, pool is
            unknown, or the input has another size than h x w.
    """

    row_index: Tensor
    column_index: Tensor

    def __init__(
        self,
        dim: int,
        h: int,
        w: int,
        out_channels: int | None = None,
        num_heads: Annotated[int, (1, 64)] = 4,
        kernel_size: Annotated[int, (1, 31)] = 3,
        stride_q: Annotated[int, (1, 8)] = 1,
        stride_kv: Annotated[int, (1, 16)] = 4,
        pool: Literal["conv", "max", "avg"] = "conv",
        residual_pooling: bool = True,
        relative_bias: bool = True,
        qkv_bias: bool = True,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        out_channels = dim if out_channels is None else out_channels
        check_positive(out_channels=out_channels, stride_q=stride_q, stride_kv=stride_kv)
        check_heads(num_heads, out_channels, "out_channels")
        check_odd("kernel_size", kernel_size)
        check_choice("pool", pool, "conv", "max", "avg")
        head_dim = out_channels // num_heads
        self.size = (h, w)
        self.stride_q, self.stride_kv = stride_q, stride_kv
        self.num_heads = num_heads
        self.residual_pooling = residual_pooling
        self.relative_bias = relative_bias
        self.attn_drop = attn_drop
        self.qkv = nn.Linear(dim, 3 * out_channels, bias=qkv_bias)
        self.proj = nn.Linear(out_channels, out_channels, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        self.pool_q = HeadPool(head_dim, kernel_size, stride_q, pool, norm_eps)
        self.pool_k = HeadPool(head_dim, kernel_size, stride_kv, pool, norm_eps)
        self.pool_v = HeadPool(head_dim, kernel_size, stride_kv, pool, norm_eps)
        init_linears(self)
        if relative_bias:
            rows, columns = (((size - 1) // stride_q + 1, (size - 1) // stride_kv + 1) for size in (h, w))
            self.rel_pos_h = nn.Parameter(torch.empty(2 * max(rows) - 1, head_dim))
            self.rel_pos_w = nn.Parameter(torch.empty(2 * max(columns) - 1, head_dim))
            nn.init.trunc_normal_(self.rel_pos_h, std=0.02)
            nn.init.trunc_normal_(self.rel_pos_w, std=0.02)
            self.row_index: Tensor
            self.column_index: Tensor
            self.register_buffer("row_index", pooled_offset_index(*rows), persistent=False)
            self.register_buffer("column_index", pooled_offset_index(*columns), persistent=False)

    def bias(self, q: Tensor) -> Tensor:
        """Return q_i . (R_row + R_column) of queries (B, heads, H, W, d) for all keys: (B, heads, H * W, keys)."""
        rows = torch.einsum("bnhwd,hkd->bnhwk", q, self.rel_pos_h[self.row_index].to(q.dtype))
        columns = torch.einsum("bnhwd,wkd->bnhwk", q, self.rel_pos_w[self.column_index].to(q.dtype))
        return (rows[..., :, None] + columns[..., None, :]).flatten(-2).flatten(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride_q), ceil(W / stride_q))."""
        if tuple(x.shape[2:]) != self.size:
            raise ValueError(
                f"x: {x.shape[2]} x {x.shape[3]}, but the block was made for a map of {self.size[0]} x {self.size[1]}"
            )
        qkv = self.qkv(x.permute(0, 2, 3, 1)).unflatten(-1, (3, self.num_heads, -1))
        q, k, v = qkv.permute(3, 0, 4, 1, 2, 5)
        q, k, v = self.pool_q(q), self.pool_k(k), self.pool_v(v)
        size = q.shape[2:4]
        bias = self.bias(q) if self.relative_bias else None
        q, k, v = q.flatten(2, 3), k.flatten(2, 3), v.flatten(2, 3)
        out = attend(q.to(v.dtype), k.to(v.dtype), v, bias, dropout=self.attn_drop if self.training else 0.0)
        if self.residual_pooling:
            out = out + q
        out = self.proj_drop(self.proj(merge_heads(out)))
        return out.transpose(1, 2).unflatten(2, size)
