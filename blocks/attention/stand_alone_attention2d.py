"""Stand-alone self-attention: each position attends to its k x k neighbourhood, in place of a convolution.

Ramachandran et al., "Stand-Alone Self-Attention in Vision Models", NeurIPS 2019, arXiv:1906.05909: softmax(q^T k + q^T
r) v over the neighbourhood, r a row and a column embedding of half the head's width each.
Differs from the paper: positions outside the map are excluded from the softmax; a stride skips queries instead of
pooling afterwards.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.channels import check_odd
from blocks._shared.choices import check_positive
from blocks._shared.local_footprint import footprint_inside, footprint_logits, footprint_sum, pad_footprint
from blocks._shared.scaled_dot_product import check_heads
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="Stand-Alone Self-Attention in Vision Models, Ramachandran et al., 2019, arXiv:1906.05909",
    maps={"softmax": "local"},
    tags=("sasa", "local attention", "relative position"),
    aliases={"in_channels": "c"},
    examples=(
        {"c": 32, "h": 16, "w": 16, "kernel_size": 3},
        {"c": 64, "h": 14, "w": 10},
        {"c": 96, "h": 7, "w": 9, "kernel_size": 3},
    ),
    no_decay=("rows", "columns"),
)
class StandAloneAttention2d(nn.Module):
    """Multi-head attention within a k x k neighbourhood, with relative row and column embeddings.

    Args:
        in_channels: number of input channels C.
        out_channels: number of output channels.
        kernel_size: side k of the neighbourhood, an odd number.
        num_heads: number of heads.
        stride: distance between the positions that have an output.
        position: whether the logits depend on the position of a key in the neighbourhood.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if kernel_size is not odd, num_heads does not divide out_channels, heads with positions are of odd
            width, or out_channels or stride is below 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        kernel_size: Annotated[int, (1, 31)] = 7,
        num_heads: Annotated[int, (1, 64)] = 4,
        stride: Annotated[int, (1, 4)] = 1,
        position: bool = True,
    ) -> None:
        super().__init__()
        check_odd("kernel_size", kernel_size)
        check_positive(out_channels=out_channels, stride=stride)
        check_heads(num_heads, out_channels, "out_channels")
        head_dim = out_channels // num_heads
        if position and head_dim % 2:
            raise ValueError(
                f"num_heads: heads of width {head_dim} cannot be halved for rows and columns; an even width is needed"
            )
        self.kernel_size, self.num_heads, self.stride = kernel_size, num_heads, stride
        self.scale = head_dim**-0.5
        self.q = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
        self.k = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.v = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.rows = nn.Parameter(torch.randn(kernel_size, head_dim // 2)) if position else None
        self.columns = nn.Parameter(torch.randn(kernel_size, head_dim // 2)) if position else None

    def forward(self, x: Tensor) -> Tensor:
        """Attend within the neighbourhoods of `x` (N, C, H, W); returns (N, out_channels, H / stride, W / stride)."""
        k, v = (
            pad_footprint(layer(x), self.kernel_size).unflatten(1, (self.num_heads, -1)) for layer in (self.k, self.v)
        )
        q = self.q(x).unflatten(1, (self.num_heads, -1)) * self.scale
        logits = footprint_logits(q, k, self.kernel_size, self.stride)
        if self.rows is not None and self.columns is not None:
            by_row, by_column = (half.permute(0, 1, 3, 4, 2) for half in q.chunk(2, dim=2))
            by_row, by_column = by_row @ self.rows.T.to(q.dtype), by_column @ self.columns.T.to(q.dtype)
            logits = logits + (by_row[..., :, None] + by_column[..., None, :]).flatten(-2)
        inside = footprint_inside(x.shape[2], x.shape[3], self.kernel_size, self.stride, x.device)
        weights = logits.masked_fill(~inside, float("-inf")).softmax(dim=-1)
        return footprint_sum(weights.to(v.dtype), v, self.kernel_size, self.stride).flatten(1, 2)
