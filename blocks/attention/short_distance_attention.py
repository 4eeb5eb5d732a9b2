"""Short distance attention: within windows of neighbours, with a position bias that a small network computes.

Wang et al., "CrossFormer: A Versatile Vision Transformer Hinging on Cross-scale Attention", ICLR 2022,
arXiv:2108.00154. The hidden width of that network is dim / 4, as in the paper and vit-pytorch (the authors' code: dim /
16); each head has its own bias, while vit-pytorch 1.26 has one for all heads, read from a table of offsets -w .. w with
an index for 1 - w .. w - 1, so at wrong offsets. Windows that do not divide the map are padded and masked.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.dynamic_window_attention import DynamicWindowAttention
from blocks._shared.windows import attend_in_windows
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper=(
        "CrossFormer: A Versatile Vision Transformer Hinging on Cross-scale Attention, Wang et al., 2021, "
        "arXiv:2108.00154"
    ),
    maps={"softmax": "windows"},
    tags=("crossformer", "sda", "dynamic position bias"),
    aliases={"dim": "c"},
    windows=("window_size",),
)
class ShortDistanceAttention(nn.Module):
    """Self-attention within windows of neighbouring positions; no norm and no residual connection inside.

    Args:
        dim: number of channels C.
        num_heads: number of attention heads (the paper: C / 32).
        window_size: side w of the windows (the paper's G).
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
        return attend_in_windows(self.attn, x.permute(0, 2, 3, 1), self.window_size, 0).permute(0, 3, 1, 2)
