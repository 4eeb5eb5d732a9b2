"""LeViT's attention: narrow keys, wide values, batch norms in place of biases, one learned bias for each distance.

Graham et al., "LeViT: a Vision Transformer in ConvNet's Clothing for Faster Inference", ICCV 2021, arXiv:2104.01136.
Same parameters as `Attention` (stride 1) and `AttentionDownsample` (stride above 1) of timm 1.0.31, with 1x1
convolutions for its linear layers. vit-pytorch 1.26 has a bias in the last convolution, GELU, and scales the learned
biases.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.activations import make_activation
from blocks._shared.choices import check_positive
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.spec import block


def absolute_offset_index(height: int, width: int, stride: int) -> Tensor:
    """Return |row offset| * width + |column offset| for each query of a strided grid and each key: (queries, keys)."""
    rows = (torch.arange(height)[::stride, None] - torch.arange(height)).abs() * width
    columns = (torch.arange(width)[::stride, None] - torch.arange(width)).abs()
    return (rows[:, None, :, None] + columns[None, :, None, :]).flatten(2).flatten(0, 1)


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    tokens={"queries": "grid"},
    paper=(
        "LeViT: a Vision Transformer in ConvNet's Clothing for Faster Inference, Graham et al., 2021, arXiv:2104.01136"
    ),
    maps={"softmax": "token_pairs"},
    tags=("levit", "attention bias", "downsample", "subsample"),
    aliases={"dim": "c"},
    no_decay=("attention_biases",),
)
class LeViTAttention(nn.Module):
    """Self-attention over a map with a bias for each distance; a stride subsamples the queries; no residual connection
    inside.

    Args:
        dim: number of input channels C.
        h: height of the map.
        w: width of the map.
        out_channels: number of output channels; None: the same as the input.
        num_heads: number of attention heads.
        key_dim: width of the queries and keys of one head.
        value_ratio: width of the values of one head as a multiple of key_dim (the paper: 2, where it subsamples 4).
        stride: factor by which the map shrinks.
        act: activation before the last layer.
        attn_drop: dropout of the attention weights.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if a width or the stride is below 1, act is unknown, or the input has another size than h x w.
    """

    index: Tensor

    def __init__(
        self,
        dim: int,
        h: int,
        w: int,
        out_channels: int | None = None,
        num_heads: Annotated[int, (1, 64)] = 4,
        key_dim: Annotated[int, (1, 1024)] = 16,
        value_ratio: Annotated[float, (0.25, 16.0)] = 2.0,
        stride: Annotated[int, (1, 8)] = 1,
        act: Literal["hardswish", "silu", "gelu", "relu"] = "hardswish",
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
    ) -> None:
        super().__init__()
        out_channels = dim if out_channels is None else out_channels
        check_positive(out_channels=out_channels, num_heads=num_heads, key_dim=key_dim, stride=stride)
        value_dim = int(value_ratio * key_dim)
        if value_dim < 1:
            raise ValueError(f"value_ratio: {value_ratio} of key_dim {key_dim} leaves no channel for values")
        self.size = (h, w)
        self.out_size = ((h - 1) // stride + 1, (w - 1) // stride + 1)
        self.num_heads = num_heads
        self.stride = stride
        self.attn_drop = attn_drop
        self.widths = [key_dim, value_dim] if stride > 1 else [key_dim, key_dim, value_dim]
        self.attention_biases = nn.Parameter(torch.zeros(num_heads, h * w))
        self.qkv = ConvNormAct(dim, num_heads * sum(self.widths), 1, act="none")
        self.q = ConvNormAct(dim, num_heads * key_dim, 1, act="none") if stride > 1 else nn.Identity()
        self.act = make_activation(act)
        self.proj = ConvNormAct(num_heads * value_dim, out_channels, 1, act="none")
        self.index: Tensor
        self.register_buffer("index", absolute_offset_index(h, w, stride), persistent=False)
        if stride == 1:
            assert isinstance(self.proj.norm, nn.BatchNorm2d)
            # The branch starts at zero, so that a residual layer around it starts as the identity.
            nn.init.zeros_(self.proj.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Mix the positions of `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        if tuple(x.shape[2:]) != self.size:
            raise ValueError(
                f"x: {x.shape[2]} x {x.shape[3]}, but the biases are for a map of {self.size[0]} x {self.size[1]}"
            )
        parts = self.heads(self.qkv(x)).split(self.widths, dim=-1)
        if self.stride > 1:
            parts = (self.heads(self.q(x[:, :, :: self.stride, :: self.stride])), *parts)
        q, k, v = parts
        # Written out: no fused CPU kernel takes keys and values of different widths, and the maps are small by design.
        logits = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1) + self.bias().to(q.dtype)
        weights = F.dropout(logits.softmax(dim=-1), self.attn_drop, self.training)
        out = (weights.to(v.dtype) @ v).transpose(-2, -1).flatten(1, 2).unflatten(2, self.out_size)
        return self.proj(self.act(out))

    def bias(self) -> Tensor:
        """Return the learned biases of all pairs of a query and a key (heads, queries, keys)."""
        return self.attention_biases.index_select(1, self.index.flatten()).view(self.num_heads, *self.index.shape)

    def heads(self, x: Tensor) -> Tensor:
        """Reshape a map (N, heads * d, H, W) to (N, heads, H * W, d)."""
        return x.flatten(2).unflatten(1, (self.num_heads, -1)).transpose(-2, -1)
