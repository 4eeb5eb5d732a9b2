"""Locally-grouped self-attention: within fixed windows and without a position bias.

Chu et al., "Twins: Revisiting the Design of Spatial Attention in Vision Transformers", NeurIPS 2021, arXiv:2104.13840.
The block attention of NesT (Zhang et al., 2021, arXiv:2105.12723) is the same. Same parameters as `LocallyGroupedAttn`
of timm 1.0.31, which includes padding in the softmax; here it is masked. vit-pytorch 1.26 puts a layer norm in front
and has no biases.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.window_attention import WindowAttention
from blocks._shared.windows import attend_in_windows
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper=(
        "Twins: Revisiting the Design of Spatial Attention in Vision Transformers, Chu et al., 2021, arXiv:2104.13840"
    ),
    maps={"softmax": "windows"},
    tags=("twins", "lsa", "window attention", "nest", "block attention"),
    aliases={"dim": "c"},
    windows=("window_size",),
)
class LocallyGroupedAttention(nn.Module):
    """Self-attention within the windows of a map; no norm and no residual connection inside.

    Args:
        dim: number of channels C.
        num_heads: number of attention heads.
        window_size: side w of the windows.
        qkv_bias: whether queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.
        head_dim: width of a head; empty: dim / num_heads.

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
    ) -> None:
        super().__init__()
        self.window_size = window_size
        self.attn = WindowAttention(
            dim,
            num_heads,
            window_size,
            qkv_bias,
            attn_drop,
            proj_drop,
            relative_bias=False,
            proj_bias=proj_bias,
            head_dim=head_dim,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W) within windows; returns the same shape."""
        return attend_in_windows(self.attn, x.permute(0, 2, 3, 1), self.window_size, 0).permute(0, 3, 1, 2)
