"""Depthwise-separable self-attention: attention within windows, then attention among windows, whose values are whole
windows.

Li et al., "SepViT: Separable Vision Transformer", 2022, arXiv:2203.15380. Each window has a token of its own.
Depthwise: the token and the window's positions attend to each other. Pointwise: the tokens, normalised and activated,
become queries and keys, whose weights sum whole windows. Same parameters as vit-pytorch 1.26, without its layer norm in
front. Windows that do not divide the map are padded and masked; the padding of a window counts as 0 for the others.
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks._shared.scaled_dot_product import attend, merge_heads, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks._shared.window_attention import attend_in_parts
from blocks._shared.window_tokens import mask_with_window_token
from blocks._shared.windows import pad_to_windows, window_mask, window_partition, window_reverse
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="SepViT: Separable Vision Transformer, Li et al., 2022, arXiv:2203.15380",
    maps={"softmax": "windows"},
    tags=("sepvit", "depthwise separable", "window token", "pointwise attention"),
    aliases={"dim": "c"},
    windows=("window_size",),
    no_decay=("window_token",),
)
class DSSA(nn.Module):
    """Attention within and then among windows; no outer norm and no residual connection inside.

    Args:
        dim: number of channels C.
        num_heads: number of attention heads (the paper: C / 32).
        window_size: side w of the windows.
        qkv_bias: whether queries, keys and values within windows have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.
        head_dim: width of a head; empty: dim / num_heads.
        norm_eps: term under the root of the layer norm.

    Shape: input (N, C, H, W), output (N, C, H, W), any H and W.

    Raises:
        ValueError: if num_heads does not divide dim, or window_size is below 1.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        window_size: Annotated[int, (1, 64)] = 7,
        qkv_bias: bool = False,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        head_dim: int | None = None,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        width = num_heads * head_dim
        check_positive(window_size=window_size)
        self.num_heads = num_heads
        self.window_size = window_size
        self.attn_drop = attn_drop
        self.window_token = nn.Parameter(torch.empty(dim))
        self.qkv = nn.Linear(dim, 3 * width, bias=qkv_bias)
        self.token_norm = nn.LayerNorm(head_dim, eps=norm_eps)
        self.token_act = nn.GELU()
        self.token_qk = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)
        nn.init.trunc_normal_(self.window_token, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W); returns the same shape."""
        side, dropout = self.window_size, self.attn_drop if self.training else 0.0
        height, width = x.shape[2:]
        x = pad_to_windows(x.permute(0, 2, 3, 1), side)
        padded_h, padded_w = x.shape[1:3]
        windows = window_partition(x, side)
        windows = torch.cat((self.window_token.expand(windows.shape[0], 1, -1), windows), 1)
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(windows).chunk(3, dim=-1))
        mask = mask_with_window_token(window_mask((height, width), side, (0, 0), x.device))
        out = attend_in_parts(q, k, v, None, mask, dropout)

        # (N, heads, windows, ...): windows are now the positions and their content the channels.
        per_image = padded_h // side * (padded_w // side)
        out = out.unflatten(0, (-1, per_image)).transpose(1, 2)
        token, content = out[..., 0, :], out[..., 1:, :]
        if mask is not None:
            content = content * mask[:, 0, 1:, None]
        token = self.token_qk(merge_heads(self.token_act(self.token_norm(token))))
        q, k = split_heads(token, self.num_heads).chunk(2, dim=-1)
        out = attend(q, k, content.flatten(-2), dropout=dropout).unflatten(-1, (side * side, -1))

        out = window_reverse(out.permute(0, 2, 3, 1, 4).flatten(0, 1).flatten(-2), side, padded_h, padded_w)
        return self.proj_drop(self.proj(out[:, :height, :width])).permute(0, 3, 1, 2)
