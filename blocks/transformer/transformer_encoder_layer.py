"""Transformer encoder layer: self-attention, then an MLP, each with layer normalisation and a residual connection.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762 (norm="post"); Dosovitskiy et al., "An Image
is Worth 16x16 Words", ICLR 2021, arXiv:2010.11929 (norm="pre"). Same parameters as the ViT `Block` of timm 1.0.31.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice
from blocks.attention.multi_head_self_attention import MultiHeadSelfAttention
from blocks.spec import block
from blocks.transformer.drop_path import DropPath
from blocks.transformer.layer_scale import LayerScale
from blocks.transformer.mlp import Mlp


@block(
    shape="b n dim, b ..., b ... -> b n dim",
    paper="An Image is Worth 16x16 Words, Dosovitskiy et al., 2021, arXiv:2010.11929",
    maps={"softmax": "token_pairs"},
    tags=("vit", "encoder", "transformer block", "mask", "causal", "rope", "relative position"),
    dtypes={"mask": "bool"},
    examples=(
        {"...": (4, 16, 16), "causal": True},
        {},
        {"n": 10, "...": (10,), "position": "relative", "height": 3, "width": 3, "prefix_tokens": 1},
    ),
    rates=("drop_path",),
)
class TransformerEncoderLayer(nn.Module):
    """One layer of a (vision) transformer.

    Args:
        dim: token width.
        num_heads: number of attention heads.
        head_dim: width of one head; None: dim / num_heads.
        mlp_ratio: hidden width of the MLP as a multiple of dim.
        qkv_bias: whether queries, keys and values have a bias.
        qk_norm: whether queries and keys are layer-normalised within each head.
        norm: "pre" normalises the input of each branch (ViT), "post" the sum after it (the original transformer).
        act: activation of the MLP.
        drop: dropout of the outputs of attention and MLP, and of the MLP's hidden units.
        attn_drop: dropout of the attention weights.
        drop_path: probability of dropping a residual branch of a sample in training.
        layer_scale: initial value of the LayerScale factors of each branch; None: no LayerScale.
        norm_eps: added to the variance in the layer normalisations.
        causal: whether a token attends only to itself and earlier tokens.
        position: "rope" rotates queries and keys by their place in the sequence, "axial_rope" by row and column of a
            grid, "relative" adds a learned bias for each head and offset on a grid.
        height: rows of the grid; 0: follows from `width`, or the grid is square ("relative" needs a number).
        width: columns of the grid; 0: follows from `height`, or the grid is square ("relative" needs a number).
        prefix_tokens: leading tokens (class, registers) without a position.
        proj_bias: whether the output projection of the attention has a bias.

    Shape: x (N, n, dim), output (N, n, dim); optional: a bool mask, True where a query may attend, and a bias that is
    added to the logits, both (N, keys), (N, queries, keys) or (N, heads, queries, keys).

    Raises:
        ValueError: if num_heads does not divide dim and no head_dim is given, norm is neither "pre" nor "post", the
            tokens do not fill the grid of the positions, or mask or bias do not fit.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        head_dim: Annotated[int, (1, 1024)] | None = None,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 4.0,
        qkv_bias: bool = True,
        qk_norm: bool = False,
        norm: Literal["pre", "post"] = "pre",
        act: Literal["gelu", "relu", "silu", "hardswish"] = "gelu",
        drop: Annotated[float, (0.0, 1.0)] = 0.0,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        drop_path: Annotated[float, (0.0, 1.0)] = 0.0,
        layer_scale: Annotated[float, (0.0, 1.0)] | None = None,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
        causal: bool = False,
        position: Literal["none", "rope", "axial_rope", "relative"] = "none",
        height: Annotated[int, (0, 4096)] = 0,
        width: Annotated[int, (0, 4096)] = 0,
        prefix_tokens: Annotated[int, (0, 1024)] = 0,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("norm", norm, "pre", "post")
        self.pre_norm = norm == "pre"
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.attn = MultiHeadSelfAttention(
            dim,
            num_heads,
            head_dim,
            qkv_bias,
            qk_norm,
            causal,
            attn_drop,
            drop,
            norm_eps,
            position,
            height,
            width,
            prefix_tokens,
            proj_bias,
        )
        self.scale1 = nn.Identity() if layer_scale is None else LayerScale(dim, layer_scale)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = Mlp(dim, mlp_ratio, act, drop)
        self.scale2 = nn.Identity() if layer_scale is None else LayerScale(dim, layer_scale)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, mask: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """Transform the tokens `x` (N, n, dim), which attend where `mask` is True with `bias` added to the logits;
        returns the same shape.
        """
        if self.pre_norm:
            x = x + self.drop_path(self.scale1(self.attn(self.norm1(x), mask, bias)))
            return x + self.drop_path(self.scale2(self.mlp(self.norm2(x))))
        x = self.norm1(x + self.drop_path(self.scale1(self.attn(x, mask, bias))))
        return self.norm2(x + self.drop_path(self.scale2(self.mlp(x))))
