"""Transformer decoder layer: self-attention, attention to a memory, then an MLP, each with a residual connection.

Vaswani et al., "Attention Is All You Need", NeurIPS 2017, arXiv:1706.03762; norm="pre" (the default) after Xiong et
al., "On Layer Normalization in the Transformer Architecture", ICML 2020, arXiv:2002.04745.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice
from blocks.attention.multi_head_cross_attention import MultiHeadCrossAttention
from blocks.attention.multi_head_self_attention import MultiHeadSelfAttention
from blocks.spec import block
from blocks.transformer.drop_path import DropPath
from blocks.transformer.mlp import Mlp


@block(
    shape="b n dim, b m memory_dim, b ..., b ..., b ... -> b n dim",
    paper="Attention Is All You Need, Vaswani et al., 2017, arXiv:1706.03762",
    maps={"softmax": "token_pairs"},
    tags=("decoder", "cross attention", "masked"),
    dtypes={"mask": "bool", "memory_mask": "bool"},
    examples=({"n": 7, "m": 7, "...": (4, 7, 7)}, {}, {"n": 5, "m": 5, "...": (5,)}),
    rates=("drop_path",),
)
class TransformerDecoderLayer(nn.Module):
    """One decoder layer: `x` attends to itself, then to `memory` (an encoder's output).

    Args:
        dim: token width of x.
        memory_dim: token width of the memory.
        num_heads: number of attention heads.
        mlp_ratio: hidden width of the MLP as a multiple of dim.
        qkv_bias: whether queries, keys and values have a bias.
        causal: whether a token of x attends only to itself and earlier tokens.
        norm: "pre" normalises the input of each branch, "post" the sum after it (the original transformer).
        act: activation of the MLP.
        drop: dropout of the outputs of the attentions and the MLP, and of the MLP's hidden units.
        attn_drop: dropout of the attention weights.
        drop_path: probability of dropping a residual branch of a sample in training.
        norm_eps: added to the variance in the layer normalisations.
        head_dim: width of a head; empty: dim / num_heads.
        proj_bias: whether the output projections have a bias.

    Shape: x (N, n, dim) and memory (N, m, memory_dim), output (N, n, dim); optional: bool masks, True where a query may
    attend, of the self-attention (mask) and of the attention to the memory (memory_mask), and a bias that is added to
    the logits of the self-attention, each (N, keys), (N, queries, keys) or (N, heads, queries, keys).

    Raises:
        ValueError: if num_heads does not divide dim, norm is neither "pre" nor "post", or masks or bias do not fit.
    """

    def __init__(
        self,
        dim: int,
        memory_dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 4.0,
        qkv_bias: bool = True,
        causal: bool = True,
        norm: Literal["pre", "post"] = "pre",
        act: Literal["gelu", "relu", "silu", "hardswish"] = "gelu",
        drop: Annotated[float, (0.0, 1.0)] = 0.0,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        drop_path: Annotated[float, (0.0, 1.0)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
        head_dim: int | None = None,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        check_choice("norm", norm, "pre", "post")
        self.pre_norm = norm == "pre"
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.self_attn = MultiHeadSelfAttention(
            dim,
            num_heads,
            head_dim,
            qkv_bias,
            causal=causal,
            attn_drop=attn_drop,
            proj_drop=drop,
            proj_bias=proj_bias,
        )
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.cross_attn = MultiHeadCrossAttention(
            dim,
            memory_dim,
            num_heads,
            head_dim,
            qkv_bias=qkv_bias,
            attn_drop=attn_drop,
            proj_drop=drop,
            proj_bias=proj_bias,
        )
        self.norm3 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = Mlp(dim, mlp_ratio, act, drop)
        self.drop_path = DropPath(drop_path)

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        bias: Tensor | None = None,
    ) -> Tensor:
        """Transform `x` (N, n, dim), which attends to itself where `mask` is True, with `bias` added to the logits, and
        to `memory` (N, m, memory_dim) where `memory_mask` is True; returns (N, n, dim).
        """
        if self.pre_norm:
            x = x + self.drop_path(self.self_attn(self.norm1(x), mask, bias))
            x = x + self.drop_path(self.cross_attn(self.norm2(x), memory, memory_mask))
            return x + self.drop_path(self.mlp(self.norm3(x)))
        x = self.norm1(x + self.drop_path(self.self_attn(x, mask, bias)))
        x = self.norm2(x + self.drop_path(self.cross_attn(x, memory, memory_mask)))
        return self.norm3(x + self.drop_path(self.mlp(x)))
