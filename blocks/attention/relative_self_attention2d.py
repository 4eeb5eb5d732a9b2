"""Relative self-attention over a whole map: softmax(q_i . k_j / sqrt(d) + w_(i-j)) with one learned number for each
offset.

Dai, Liu, Le, Tan, "CoAtNet: Marrying Convolution and Attention for All Data Sizes", NeurIPS 2021, arXiv:2106.04803.
Same parameters as `Attention2d` with `RelPosBias` of timm 1.0.31 (`maxxvit`). The table fits one map size.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks._shared.relative_position import RelativePositionTable
from blocks._shared.scaled_dot_product import attend
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels h w",
    paper="CoAtNet: Marrying Convolution and Attention for All Data Sizes, Dai et al., 2021, arXiv:2106.04803",
    maps={"softmax": "token_pairs"},
    tags=("coatnet", "relative position bias", "self-attention"),
    aliases={"in_channels": "c"},
    no_decay=("position_bias.table",),
)
class RelativeSelfAttention2d(nn.Module):
    """Let every position of the map attend to every position, with a bias for each offset between them.

    Args:
        in_channels: number of input channels C.
        h: height of the map.
        w: width of the map.
        out_channels: number of output channels, the total width of the heads.
        head_dim: width of one head.
        qkv_bias: whether queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.

    Shape: input (N, C, H, W), output (N, out_channels, H, W).

    Raises:
        ValueError: if head_dim does not divide out_channels, out_channels is below 1, or the input has another size
            than h x w.
    """

    def __init__(
        self,
        in_channels: int,
        h: int,
        w: int,
        out_channels: int = 64,
        head_dim: Annotated[int, (1, 1024)] = 32,
        qkv_bias: bool = True,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        check_positive(out_channels=out_channels)
        if head_dim < 1 or out_channels % head_dim:
            raise ValueError(f"head_dim: {head_dim} does not divide out_channels {out_channels}")
        self.size = (h, w)
        self.num_heads = out_channels // head_dim
        self.attn_drop = attn_drop
        self.qkv = nn.Conv2d(in_channels, 3 * out_channels, 1, bias=qkv_bias)
        self.position_bias = RelativePositionTable(h, w, self.num_heads)
        self.proj = nn.Conv2d(out_channels, out_channels, 1, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W); returns (N, out_channels, H, W)."""
        if tuple(x.shape[2:]) != self.size:
            raise ValueError(
                f"x: {x.shape[2]} x {x.shape[3]}, but the biases are for a map of {self.size[0]} x {self.size[1]}"
            )
        # q, k, v of one head after the other, the order of timm.
        qkv = self.qkv(x).flatten(2).unflatten(1, (self.num_heads, -1)).transpose(-2, -1)
        q, k, v = qkv.chunk(3, dim=-1)
        out = attend(q, k, v, self.position_bias()[None], dropout=self.attn_drop if self.training else 0.0)
        out = out.transpose(-2, -1).flatten(1, 2).unflatten(2, self.size)
        return self.proj_drop(self.proj(out))
