"""BoTNet's self-attention: content plus relative height and width, in place of the 3x3 convolution of a bottleneck.

Srinivas et al., "Bottleneck Transformers for Visual Recognition", CVPR 2021, arXiv:2101.11605. Same parameters as
`BottleneckAttn` of timm 1.0.31, which does not scale the position term (scale_position=False).
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.scaled_dot_product import attend, check_heads
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="Bottleneck Transformers for Visual Recognition, Srinivas et al., 2021, arXiv:2101.11605",
    maps={"softmax": "token_pairs"},
    tags=("botnet", "bottleneck transformer", "relative position", "self-attention"),
    aliases={"channels": "c"},
    no_decay=("rows", "columns"),
)
class BoTAttention(nn.Module):
    """softmax(q k^T + q r^T) v over the whole map, r_(j-i) the sum of a vector for the row offset and one for the
    column offset.

    Args:
        channels: number of channels C.
        h: height of the map.
        w: width of the map.
        num_heads: number of heads.
        qkv_bias: whether queries, keys and values have a bias.
        scale_position: whether the position term is divided by sqrt(d) like the content term.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if num_heads does not divide channels, or the input has another size than h x w.
    """

    row_index: Tensor
    column_index: Tensor

    def __init__(
        self,
        channels: int,
        h: int,
        w: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        qkv_bias: bool = False,
        scale_position: bool = True,
    ) -> None:
        super().__init__()
        check_heads(num_heads, channels, "channels")
        head_dim = channels // num_heads
        self.size = (h, w)
        self.num_heads = num_heads
        self.position_scale = head_dim**-0.5 if scale_position else 1.0
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=qkv_bias)
        self.rows = nn.Parameter(torch.randn(2 * h - 1, head_dim) * head_dim**-0.5)
        self.columns = nn.Parameter(torch.randn(2 * w - 1, head_dim) * head_dim**-0.5)
        self.register_buffer("row_index", self.offsets(h), persistent=False)
        self.register_buffer("column_index", self.offsets(w), persistent=False)
        nn.init.trunc_normal_(self.qkv.weight, std=channels**-0.5)

    @staticmethod
    def offsets(length: int) -> Tensor:
        """Return the index of the offset j - i along an axis, (length, length), from 0."""
        position = torch.arange(length)
        return position[None, :] - position[:, None] + length - 1

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W); returns the same shape."""
        if tuple(x.shape[2:]) != self.size:
            raise ValueError(
                f"x: {x.shape[2]} x {x.shape[3]}, but the positions are for a map of {self.size[0]} x {self.size[1]}"
            )
        q, k, v = (
            part.flatten(2).unflatten(1, (self.num_heads, -1)).transpose(-2, -1) for part in self.qkv(x).chunk(3, dim=1)
        )
        grid = (q * self.position_scale).unflatten(2, self.size)
        by_row = torch.einsum("nhyxd,ytd->nhyxt", grid, self.rows[self.row_index].to(q.dtype))
        by_column = torch.einsum("nhyxd,xsd->nhyxs", grid, self.columns[self.column_index].to(q.dtype))
        position = (by_row[..., :, None] + by_column[..., None, :]).flatten(4).flatten(2, 3)
        return attend(q, k, v, position).transpose(-2, -1).flatten(1, 2).unflatten(2, self.size)
