"""Convolutional projection: queries, keys and values come from depthwise convolutions of the map, keys and values at a
lower resolution.

Wu et al., "CvT: Introducing Convolutions to Vision Transformers", ICCV 2021, arXiv:2103.15808.
Differs from the paper's code, which divides the logits by the root of the whole width: here, as in the text and
vit-pytorch, by the root of a head's width; and there is no class token. vit-pytorch 1.26 shares one convolution between
keys and values, has a layer norm in front and no biases.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.scaled_dot_product import attend, merge_heads, resolve_head_dim, split_heads
from blocks._shared.transformer_init import init_linears
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    tokens={"keys": "grid (h-1)//kv_stride+1 (w-1)//kv_stride+1"},
    paper="CvT: Introducing Convolutions to Vision Transformers, Wu et al., 2021, arXiv:2103.15808",
    maps={"softmax": "token_pairs"},
    tags=("cvt", "convolutional projection", "self-attention"),
    aliases={"dim": "c"},
)
class ConvProjectionAttention(nn.Module):
    """Self-attention over a map with convolutional projections; no norm and no residual connection inside.

    Args:
        dim: number of channels C.
        num_heads: number of attention heads.
        kernel_size: side of the depthwise kernels, odd.
        kv_stride: step of the kernels of keys and values.
        qkv_bias: whether the linear layers of queries, keys and values have a bias.
        attn_drop: dropout of the attention weights.
        proj_drop: dropout of the output.
        proj_bias: whether the output projection has a bias.
        head_dim: width of a head; empty: dim / num_heads.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if num_heads does not divide dim, kernel_size is even, or kv_stride is below 1.
    """

    def __init__(
        self,
        dim: int,
        num_heads: Annotated[int, (1, 64)] = 4,
        kernel_size: Annotated[int, (1, 31)] = 3,
        kv_stride: Annotated[int, (1, 8)] = 2,
        qkv_bias: bool = True,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        proj_bias: bool = True,
        head_dim: int | None = None,
    ) -> None:
        super().__init__()
        width = num_heads * resolve_head_dim(dim, num_heads, head_dim)
        if kv_stride < 1:
            raise ValueError(f"kv_stride: {kv_stride} is not positive")
        self.num_heads = num_heads
        self.kv_stride = kv_stride
        self.attn_drop = attn_drop
        self.conv_q = ConvNormAct(dim, dim, kernel_size, groups=dim, act="none")
        self.conv_k = ConvNormAct(dim, dim, kernel_size, kv_stride, groups=dim, act="none")
        self.conv_v = ConvNormAct(dim, dim, kernel_size, kv_stride, groups=dim, act="none")
        self.q = nn.Linear(dim, width, bias=qkv_bias)
        self.k = nn.Linear(dim, width, bias=qkv_bias)
        self.v = nn.Linear(dim, width, bias=qkv_bias)
        self.proj = nn.Linear(width, dim, bias=proj_bias)
        self.proj_drop = nn.Dropout(proj_drop)
        init_linears(self)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W); returns the same shape."""
        pairs = (self.q, self.conv_q), (self.k, self.conv_k), (self.v, self.conv_v)
        q, k, v = (split_heads(linear(conv(x).flatten(2).transpose(1, 2)), self.num_heads) for linear, conv in pairs)
        out = attend(q, k, v, dropout=self.attn_drop if self.training else 0.0)
        out = self.proj_drop(self.proj(merge_heads(out)))
        return out.transpose(1, 2).unflatten(2, x.shape[2:])
