"""Regional-to-local attention: regional tokens attend to each other, then each attends to the window of local tokens
that it represents.

Chen, Panda, Fan, "RegionViT: Regional-to-Local Attention for Vision Transformers", ICLR 2022, arXiv:2106.02689:
y_r = x_r + A(Norm(x_r)); z = [y_r, x_l] + A(Norm([y_r, x_l])) in each window; out = z + MLP(Norm(z)). A is one
attention, applied twice; its relative bias is for local tokens. As in the authors' code each application has its own
norm; in vit-pytorch 1.26 they share it. Windows that do not divide the map are padded and masked.
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_positive
from blocks._shared.relative_position import RelativePositionTable
from blocks._shared.scaled_dot_product import merge_heads, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks._shared.window_attention import attend_in_parts
from blocks._shared.window_tokens import mask_with_window_token
from blocks._shared.windows import pad_to_windows, window_mask, window_partition, window_reverse
from blocks.spec import block
from blocks.transformer.drop_path import DropPath
from blocks.transformer.mlp import Mlp


@block(
    shape="b c h w, b c h_r w_r -> b c h w, b c h_r w_r",
    paper="RegionViT: Regional-to-Local Attention for Vision Transformers, Chen et al., 2021, arXiv:2106.02689",
    maps={"softmax": "windows"},
    tags=("regionvit", "r2l", "regional token", "window attention"),
    aliases={"dim": "c"},
    outputs=("local", "regions"),
    examples=(
        {"c": 32, "h": 16, "w": 16, "h_r": 3, "w_r": 3},
        {"c": 64, "h": 14, "w": 10, "h_r": 2, "w_r": 2},
        {"c": 96, "h": 7, "w": 9, "h_r": 2, "w_r": 3, "window_size": 4},
    ),
    windows=("window_size",),
    rates=("drop_path",),
    no_decay=("position_bias.table",),
)
class RegionToLocalAttention(nn.Module):
    """One layer of RegionViT, the MLP included; both kinds of tokens go in and come out as maps.

    Args:
        dim: number of channels C of both maps.
        num_heads: number of attention heads.
        head_dim: width of one head; None: dim / num_heads.
        window_size: side w of the window of local tokens that one regional token represents.
        mlp_ratio: hidden width of the MLP as a multiple of dim.
        qkv_bias: whether queries, keys and values have a bias.
        drop: dropout of the outputs of attention and MLP, and of the MLP's hidden units.
        attn_drop: dropout of the attention weights.
        drop_path: probability of dropping a residual branch of a window in training.
        proj_bias: whether the output projection has a bias.
        norm_eps: term under the root of the layer norms.

    Shape: input (N, C, H, W) and (N, C, ceil(H / w), ceil(W / w)), output the same.

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given, window_size is below 1, or the maps do
            not fit together.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        window_size: Annotated[int, (1, 64)] = 7,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 4.0,
        qkv_bias: bool = True,
        drop: Annotated[float, (0.0, 1.0)] = 0.0,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        drop_path: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        check_positive(window_size=window_size)
        self.num_heads = num_heads
        self.window_size = window_size
        self.attn_drop = attn_drop
        self.norm_regions = nn.LayerNorm(dim, eps=norm_eps)
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim, bias=qkv_bias)
        self.proj = nn.Linear(num_heads * head_dim, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(drop)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = Mlp(dim, mlp_ratio, drop=drop)
        self.position_bias = RelativePositionTable(window_size, window_size, num_heads)
        self.drop_path = DropPath(drop_path)
        init_linears(self)

    def attend(self, tokens: Tensor, bias: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Attend among `tokens` (B, n, C); returns the same shape."""
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(tokens).chunk(3, dim=-1))
        return self.proj_drop(
            self.proj(merge_heads(attend_in_parts(q, k, v, bias, mask, self.attn_drop if self.training else 0.0)))
        )

    def forward(self, x: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
        """Transform local tokens `x` (N, C, H, W) and their `regions` (N, C, ceil(H / w), ceil(W / w)); returns
        both.
        """
        side = self.window_size
        height, width = x.shape[2:]
        size = -(-height // side), -(-width // side)
        if tuple(regions.shape[2:]) != size:
            raise ValueError(
                f"regions: {regions.shape[2]} x {regions.shape[3]}, but a map of {height} x {width} has "
                f"{size[0]} x {size[1]} windows of window_size {side}"
            )
        tokens = regions.flatten(2).transpose(1, 2)
        tokens = tokens + self.drop_path(self.attend(self.norm_regions(tokens)))

        windows = window_partition(pad_to_windows(x.permute(0, 2, 3, 1), side), side)
        windows = torch.cat((tokens.flatten(0, 1)[:, None], windows), 1)
        mask = mask_with_window_token(window_mask((height, width), side, (0, 0), x.device))
        bias = F.pad(self.position_bias(), (1, 0, 1, 0))
        windows = windows + self.drop_path(self.attend(self.norm1(windows), bias, mask))
        windows = windows + self.drop_path(self.mlp(self.norm2(windows)))

        local = window_reverse(windows[:, 1:], side, size[0] * side, size[1] * side)[:, :height, :width]
        regions = windows[:, 0].unflatten(0, (-1, *size))
        return local.permute(0, 3, 1, 2), regions.permute(0, 3, 1, 2)
