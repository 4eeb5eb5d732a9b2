"""Swin V2 block: window attention by cosine similarity with a continuous position bias, normalised after each branch.

Liu et al., "Swin Transformer V2: Scaling Up Capacity and Resolution", CVPR 2022, arXiv:2111.09883. Same parameters as
`SwinTransformerV2Block` of timm 1.0.31.
As in the paper's code the norms of the branches start at 0, so that the block starts as the identity. Differs from it:
padding and masks as in SwinBlock.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.window_attention_v2 import CosineWindowAttention
from blocks._shared.windows import attend_in_windows, check_shift
from blocks.spec import block
from blocks.transformer.drop_path import DropPath
from blocks.transformer.mlp import Mlp


@block(
    shape="b c h w -> b c h w",
    paper="Swin Transformer V2: Scaling Up Capacity and Resolution, Liu et al., 2022, arXiv:2111.09883",
    maps={"softmax": "windows"},
    tags=("window attention", "shifted window", "cosine attention"),
    aliases={"dim": "c"},
    windows=("window_size", "shift_size"),
    rates=("drop_path",),
    no_decay=("attn.logit_scale", "attn.q_bias", "attn.v_bias", "attn.position_mlp.*"),
)
class SwinV2Block(nn.Module):
    """Cosine window attention and an MLP, each followed by a layer normalisation inside its residual branch.

    Args:
        dim: number of channels C.
        num_heads: number of attention heads (the paper: C / 32).
        window_size: side w of the windows.
        shift_size: how far the windows are shifted (0, and w // 2 in every other block).
        pretrained_window_size: window that the bias was trained with; 0: the same window.
        mlp_ratio: hidden width of the MLP as a multiple of dim.
        qkv_bias: whether queries and values have a bias.
        drop: dropout of the outputs of attention and MLP, and of the MLP's hidden units.
        attn_drop: dropout of the attention weights.
        drop_path: probability of dropping a residual branch of a sample in training.
        norm_eps: term under the root of the layer norms.
        proj_bias: whether the output projection of the attention has a bias.

    Shape: input (N, C, H, W), output (N, C, H, W), any H and W.

    Raises:
        ValueError: if num_heads does not divide dim, or shift_size is not below window_size.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        window_size: Annotated[int, (1, 64)] = 8,
        shift_size: Annotated[int, (0, 63)] = 0,
        pretrained_window_size: Annotated[int, (0, 64)] = 0,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 4.0,
        qkv_bias: bool = True,
        drop: Annotated[float, (0.0, 1.0)] = 0.0,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        drop_path: Annotated[float, (0.0, 1.0)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        check_shift(window_size, shift_size)
        self.window_size = window_size
        self.shift_size = shift_size
        self.attn = CosineWindowAttention(
            dim, num_heads, window_size, pretrained_window_size, qkv_bias, attn_drop, drop, proj_bias
        )
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = Mlp(dim, mlp_ratio, drop=drop)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.drop_path = DropPath(drop_path)
        nn.init.zeros_(self.norm1.weight)
        nn.init.zeros_(self.norm2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Transform the map `x` (N, C, H, W); returns the same shape."""
        x = x.permute(0, 2, 3, 1)
        x = x + self.drop_path(self.norm1(attend_in_windows(self.attn, x, self.window_size, self.shift_size)))
        x = x + self.drop_path(self.norm2(self.mlp(x)))
        return x.permute(0, 3, 1, 2)
