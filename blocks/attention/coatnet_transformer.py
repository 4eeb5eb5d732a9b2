"""CoAtNet's transformer block: relative self-attention over the map, then an MLP; it may downsample the map first.

Dai, Liu, Le, Tan, "CoAtNet: Marrying Convolution and Attention for All Data Sizes", NeurIPS 2021, arXiv:2106.04803:
x <- x + Attention(Norm(x)), and where it downsamples x <- Proj(Pool(x)) + Attention(Pool(Norm(x))).
Same parameters as `TransformerBlock2d` of timm 1.0.31, which pools by the mean (pool="avg").
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice, check_positive
from blocks._shared.map_norms import ChannelLayerNorm
from blocks.attention.relative_self_attention2d import RelativeSelfAttention2d
from blocks.spec import block
from blocks.transformer.drop_path import DropPath
from blocks.transformer.mlp import Mlp


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="CoAtNet: Marrying Convolution and Attention for All Data Sizes, Dai et al., 2021, arXiv:2106.04803",
    maps={"softmax": "token_pairs"},
    tags=("coatnet", "relative attention", "downsample"),
    aliases={"in_channels": "c"},
    rates=("drop_path",),
)
class CoAtNetTransformer(nn.Module):
    """Pre-norm relative self-attention and MLP on a map, with pooling before the attention where stride is above 1.

    Args:
        in_channels: number of input channels C.
        h: height of the input map.
        w: width of the input map.
        out_channels: number of output channels.
        stride: factor by which the map shrinks.
        head_dim: width of one attention head.
        mlp_ratio: hidden width of the MLP as a multiple of out_channels.
        pool: how the map shrinks.
        drop: dropout of the outputs of attention and MLP, and of the MLP's hidden units.
        attn_drop: dropout of the attention weights.
        drop_path: probability of dropping a residual branch of a sample in training.
        norm_eps: term under the root of the layer norms.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if head_dim does not divide out_channels, out_channels or stride is below 1, pool is unknown, or the
            input has another size than h x w.
    """

    def __init__(
        self,
        in_channels: int,
        h: int,
        w: int,
        out_channels: int = 64,
        stride: Annotated[int, (1, 4)] = 1,
        head_dim: Annotated[int, (1, 1024)] = 32,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 4.0,
        pool: Literal["max", "avg"] = "max",
        drop: Annotated[float, (0.0, 1.0)] = 0.0,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        drop_path: Annotated[float, (0.0, 1.0)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
    ) -> None:
        super().__init__()
        check_choice("pool", pool, "max", "avg")
        check_positive(out_channels=out_channels, stride=stride)
        self.pool: nn.Module = nn.Identity()
        if stride > 1 and pool == "max":
            self.pool = nn.MaxPool2d(stride, ceil_mode=True)
        elif stride > 1:
            self.pool = nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False)
        self.proj = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()
        self.norm1 = ChannelLayerNorm(in_channels, eps=norm_eps)
        self.attn = RelativeSelfAttention2d(
            in_channels,
            (h - 1) // stride + 1,
            (w - 1) // stride + 1,
            out_channels,
            head_dim,
            attn_drop=attn_drop,
            proj_drop=drop,
        )
        self.norm2 = nn.LayerNorm(out_channels, eps=norm_eps)
        self.mlp = Mlp(out_channels, mlp_ratio, drop=drop)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Transform the map `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        x = self.proj(self.pool(x)) + self.drop_path(self.attn(self.pool(self.norm1(x))))
        x = x.permute(0, 2, 3, 1)
        x = x + self.drop_path(self.mlp(self.norm2(x)))
        return x.permute(0, 3, 1, 2)
