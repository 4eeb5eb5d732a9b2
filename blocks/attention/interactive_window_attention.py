"""Interactive window-based self-attention: windows exchange their values through a convolution of the whole map.

Yang et al., "ScalableViT: Rethinking the Context-oriented Generalization of Vision Transformer", ECCV 2022,
arXiv:2203.10790: y = Proj(Attention(q, k, v) + LIM(v)), the local interactive module LIM a 3x3 convolution.
depthwise=True is the authors' code; depthwise=False has the parameters of vit-pytorch 1.26, without its layer norm in
front. Windows that do not divide the map are padded and masked.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks._shared.scaled_dot_product import merge_heads, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks._shared.window_attention import attend_in_parts
from blocks._shared.windows import attend_in_windows
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper=(
        "ScalableViT: Rethinking the Context-oriented Generalization of Vision Transformer, Yang et al., 2022, "
        "arXiv:2203.10790"
    ),
    maps={"softmax": "windows"},
    tags=("scalablevit", "iwsa", "window attention", "local interactive module"),
    aliases={"dim": "c"},
    windows=("window_size",),
)
class InteractiveWindowAttention(nn.Module):
    """Self-attention within windows plus a convolution of the values; no norm and no residual connection inside.

    Args:
        dim: number of channels C.
        num_heads: number of attention heads.
        window_size: side w of the windows.
        depthwise: whether the convolution of the values is depthwise.
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
        depthwise: bool = True,
        qkv_bias: bool = False,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        head_dim: int | None = None,
    ) -> None:
        super().__init__()
        width = num_heads * resolve_head_dim(dim, num_heads, head_dim)
        check_positive(window_size=window_size)
        self.num_heads = num_heads
        self.window_size = window_size
        self.attn_drop = attn_drop
        self.local = nn.Conv2d(width, width, 3, padding=1, groups=width if depthwise else 1)
        self.qkv = nn.Linear(dim, 3 * width, bias=qkv_bias)
        self.proj = nn.Linear(width, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def attend(self, windows: Tensor, mask: Tensor | None) -> Tensor:
        """Attend within windows of queries, keys and values (N * windows, w * w, 3 D); returns (N * windows, w * w,
        D).
        """
        q, k, v = (split_heads(part, self.num_heads) for part in windows.chunk(3, dim=-1))
        return merge_heads(attend_in_parts(q, k, v, None, mask, self.attn_drop if self.training else 0.0))

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W); returns the same shape."""
        qkv = self.qkv(x.permute(0, 2, 3, 1))
        local = self.local(qkv.chunk(3, dim=-1)[2].permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        out = attend_in_windows(self.attend, qkv, self.window_size, 0) + local
        return self.proj_drop(self.proj(out)).permute(0, 3, 1, 2)
