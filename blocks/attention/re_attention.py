"""Re-attention: the attention maps of the heads are mixed and normalised, so that the maps of deep layers stay
different.

Zhou et al., "DeepViT: Towards Deeper Vision Transformer", 2021, arXiv:2103.11886: Norm(Theta^T softmax(Q K^T /
sqrt(d))) V. norm="layer" has the parameters of vit-pytorch 1.26.11 `deepvit.Attention` without its input norm,
norm="batch" is the norm of the authors' code.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_choice
from blocks._shared.scaled_dot_product import merge_heads, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper="DeepViT: Towards Deeper Vision Transformer, Zhou et al., 2021, arXiv:2103.11886",
    maps={"softmax": "token_pairs"},
    tags=("deepvit", "self-attention"),
)
class ReAttention(nn.Module):
    """Self-attention whose heads' weights are mixed by a learned matrix and normalised over the heads.

    Args:
        dim: token width.
        num_heads: number of heads.
        head_dim: width of one head; None: dim / num_heads.
        qkv_bias: whether queries, keys and values have a bias.
        norm: normalisation of the mixed weights: "layer" over the heads of a pair, "batch" of each head over all pairs.
        attn_drop: dropout of the attention weights before they are mixed.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.
        norm_eps: term under the root of the norm.

    Shape: input (N, n, dim), output (N, n, dim).

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given, or norm is neither "layer" nor "batch".
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        qkv_bias: bool = True,
        norm: Literal["layer", "batch"] = "layer",
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        head_dim = resolve_head_dim(dim, num_heads, head_dim)
        check_choice("norm", norm, "layer", "batch")
        self.num_heads = num_heads
        self.scale = head_dim**-0.5
        self.mix = nn.Parameter(torch.randn(num_heads, num_heads))
        self.qkv = nn.Linear(dim, 3 * num_heads * head_dim, bias=qkv_bias)
        self.layer_norm = norm == "layer"
        self.norm = (
            nn.LayerNorm(num_heads, eps=norm_eps) if self.layer_norm else nn.BatchNorm2d(num_heads, eps=norm_eps)
        )
        self.proj = nn.Linear(num_heads * head_dim, dim, bias=proj_bias)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the tokens `x` (N, n, dim); returns the same shape."""
        q, k, v = (split_heads(part, self.num_heads) for part in self.qkv(x).chunk(3, dim=-1))
        weights = self.attn_drop(((q * self.scale) @ k.transpose(-2, -1)).softmax(dim=-1))
        weights = weights.permute(0, 2, 3, 1) @ self.mix.to(weights.dtype)
        weights = self.norm(weights).permute(0, 3, 1, 2) if self.layer_norm else self.norm(weights.permute(0, 3, 1, 2))
        return self.proj_drop(self.proj(merge_heads(weights.to(v.dtype) @ v)))
