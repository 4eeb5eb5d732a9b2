"""Long distance attention: within groups spread over the whole map, with a position bias that a small network computes.

Wang et al., "CrossFormer: A Versatile Vision Transformer Hinging on Cross-scale Attention", ICLR 2022,
arXiv:2108.00154.
Differs from the paper, which fixes the interval I between positions: here, as in vit-pytorch 1.26, the size w of a
group is fixed, so the interval is H / w (for an image of 224 the paper has I = 8, 4, 2, 1 and so w = 7 in every stage).
For the network see ShortDistanceAttention. Maps that are no multiple of w are padded and masked.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.dynamic_window_attention import DynamicWindowAttention
from blocks._shared.grid_windows import attend_in_grid
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper=(
        "CrossFormer: A Versatile Vision Transformer Hinging on Cross-scale Attention, Wang et al., 2021, "
        "arXiv:2108.00154"
    ),
    maps={"softmax": "grid"},
    tags=("crossformer", "lda", "dynamic position bias"),
    aliases={"dim": "c"},
    windows=("window_size",),
)
class LongDistanceAttention(nn.Module):
    """Self-attention within groups of positions that are spread evenly over the map; no norm and no residual connection
    inside.

    Args:
        dim: number of channels C.
        num_heads: number of attention heads (the paper: C / 32).
        window_size: side w of the groups; their positions are H / w and W / w apart.
        qkv_bias: whether queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.
        head_dim: width of a head; empty: dim / num_heads.
        norm_eps: term under the root of the layer norms in the network of offsets.

    Shape: input (N, C, H, W), output (N, C, H, W), any H and W.

    Raises:
        ValueError: if num_heads does not divide dim, or window_size is below 1.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        window_size: Annotated[int, (1, 64)] = 7,
        qkv_bias: bool = True,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        head_dim: int | None = None,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        self.window_size = window_size
        self.attn = DynamicWindowAttention(
            dim, num_heads, window_size, qkv_bias, attn_drop, proj_drop, proj_bias, head_dim, norm_eps
        )

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W) within groups; returns the same shape."""
        return attend_in_grid(self.attn, x.permute(0, 2, 3, 1), self.window_size).permute(0, 3, 1, 2)
