"""Swin block: self-attention inside windows with a relative position bias, the windows shifted in every other block.

Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", ICCV 2021, arXiv:2103.14030.
Differs from the paper's code: any map size is supported by padding with zeros that no real position attends to (there,
padding is part of the softmax), and masked pairs get a logit of minus infinity instead of -100. An axis no longer than
the window is not shifted; the window size never changes.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.window_attention import WindowAttention
from blocks._shared.windows import attend_in_windows, check_shift
from blocks.spec import block
from blocks.transformer.drop_path import DropPath
from blocks.transformer.mlp import Mlp


@block(
    shape="b c h w -> b c h w",
    paper="Swin Transformer: Hierarchical Vision Transformer using Shifted Windows, Liu et al., 2021, arXiv:2103.14030",
    maps={"softmax": "windows"},
    tags=("window attention", "shifted window"),
    aliases={"dim": "c"},
    windows=("window_size", "shift_size"),
    rates=("drop_path",),
    no_decay=("attn.position_bias.table",),
)
class SwinBlock(nn.Module):
    """Window attention and an MLP, each after a layer normalisation and with a residual connection.

    Args:
        dim: number of channels C.
        num_heads: number of attention heads (the paper: C / 32).
        window_size: side w of the windows.
        shift_size: how far the windows are shifted (0, and w // 2 in every other block).
        mlp_ratio: hidden width of the MLP as a multiple of dim.
        qkv_bias: whether queries, keys and values have a bias.
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
        window_size: Annotated[int, (1, 64)] = 7,
        shift_size: Annotated[int, (0, 63)] = 0,
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
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.attn = WindowAttention(dim, num_heads, window_size, qkv_bias, attn_drop, drop, proj_bias=proj_bias)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = Mlp(dim, mlp_ratio, drop=drop)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Transform the map `x` (N, C, H, W); returns the same shape."""
        x = x.permute(0, 2, 3, 1)
        x = x + self.drop_path(attend_in_windows(self.attn, self.norm1(x), self.window_size, self.shift_size))
        x = x + self.drop_path(self.mlp(self.norm2(x)))
        return x.permute(0, 3, 1, 2)
