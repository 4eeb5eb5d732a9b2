"""Scalable self-attention: fewer keys and values than positions, and a separate width for queries and keys.

Yang et al., "ScalableViT: Rethinking the Context-oriented Generalization of Vision Transformer", ECCV 2022,
arXiv:2203.10790. mode="depthwise" is the authors' code: keys and values from a depthwise convolution, a 1x1
convolution, a norm and GELU; with reduction 1, where their code computes keys and values directly from the map at dim
channels, key_ratio applies here too. mode="dense" has the convolutions and parameters of vit-pytorch 1.26, without its
layer norm in front. Patches beyond the map are padded with zeros.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_choice, check_positive
from blocks._shared.scaled_dot_product import attend, check_heads, merge_heads, split_heads
from blocks._shared.transformer_init import init_linears
from blocks._shared.windows import pad_to_windows
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    tokens={"keys": "grid -(-h//reduction) -(-w//reduction)"},
    paper=(
        "ScalableViT: Rethinking the Context-oriented Generalization of Vision Transformer, Yang et al., 2022, "
        "arXiv:2203.10790"
    ),
    maps={"softmax": "token_pairs"},
    tags=("scalablevit", "ssa", "spatial reduction"),
    aliases={"dim": "c"},
)
class ScalableAttention(nn.Module):
    """Attention from all positions to a reduced map; no outer norm and no residual connection inside.

    Args:
        dim: number of channels C.
        num_heads: number of attention heads.
        reduction: side of the patch that one key and value summarise (the paper: 8, 4, 2, 1 in its four stages).
        key_ratio: width of queries and keys as a multiple of dim (the paper: 1.25, in the last stage 1).
        mode: how keys and values are computed: "depthwise" as in the authors' code, "dense" by one full convolution
            each.
        qkv_bias: whether queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.
        norm_eps: term under the root of the layer norm.

    Shape: input (N, C, H, W), output (N, C, H, W), any H and W.

    Raises:
        ValueError: if num_heads does not divide dim and dim * key_ratio, reduction is below 1, or mode is unknown.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        reduction: Annotated[int, (1, 64)] = 4,
        key_ratio: Annotated[float, (0.25, 4.0)] = 1.25,
        mode: Literal["depthwise", "dense"] = "depthwise",
        qkv_bias: bool = False,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        width = int(dim * key_ratio)
        check_heads(num_heads, dim)
        check_heads(num_heads, width, f"dim {dim} * key_ratio {key_ratio} =")
        check_positive(reduction=reduction)
        check_choice("mode", mode, "depthwise", "dense")
        self.num_heads = num_heads
        self.reduction = reduction
        self.attn_drop = attn_drop
        self.q = nn.Conv2d(dim, width, 1, bias=qkv_bias)
        self.reduce: nn.Module = nn.Identity()
        self.norm: nn.Module = nn.Identity()
        if mode == "depthwise" and reduction > 1:
            self.reduce = nn.Sequential(nn.Conv2d(dim, dim, reduction, reduction, groups=dim), nn.Conv2d(dim, width, 1))
            self.norm = nn.Sequential(nn.LayerNorm(width, eps=norm_eps), nn.GELU())
        kernel_size = reduction if mode == "dense" else 1
        source = width if mode == "depthwise" and reduction > 1 else dim
        self.k = nn.Conv2d(source, width, kernel_size, kernel_size, bias=qkv_bias)
        self.v = nn.Conv2d(source, dim, kernel_size, kernel_size, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W); returns the same shape."""
        # One copy here instead of one each for queries, keys and values, which attention reads position by position.
        x = x.contiguous(memory_format=torch.channels_last)
        context = pad_to_windows(x.permute(0, 2, 3, 1), self.reduction).permute(0, 3, 1, 2)
        context = self.norm(self.reduce(context).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        parts = self.q(x), self.k(context), self.v(context)
        q, k, v = (split_heads(part.flatten(2).transpose(1, 2), self.num_heads) for part in parts)
        out = attend(q, k, v, dropout=self.attn_drop if self.training else 0.0)
        out = self.proj_drop(self.proj(merge_heads(out)))
        return out.transpose(1, 2).unflatten(2, x.shape[2:])
