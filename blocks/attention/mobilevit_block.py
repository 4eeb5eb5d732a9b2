"""MobileViT block: a local convolution, a transformer over the whole map, and a fusion of both with the input.

Mehta, Rastegari, "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer", ICLR 2022,
arXiv:2110.02178. The map is unfolded into patches; the positions at the same offset within their patches form one
sequence, so that attention costs 1 / p^2 of full attention. Same parameters as `MobileVitBlock` of timm 1.0.31. As
there and in the authors' code a map that the patches do not divide is resized bilinearly for the transformer, and back.
vit-pytorch 1.26 has no last norm, no biases in the attention's projections, and norm and activation after the first 1x1
convolution.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_positive
from blocks._shared.windows import window_partition, window_reverse
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.spec import block
from blocks.transformer.transformer_encoder_layer import TransformerEncoderLayer


@block(
    shape="b c h w -> b c h w",
    tokens={"queries": "grid -(-h//patch_size) -(-w//patch_size)", "keys": "grid -(-h//patch_size) -(-w//patch_size)"},
    paper=(
        "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer, Mehta and Rastegari, "
        "2021, arXiv:2110.02178"
    ),
    maps={"softmax": "token_pairs"},
    tags=("mobilevit", "mobile", "unfold", "hybrid"),
    aliases={"in_channels": "c"},
    rates=("drop_path",),
)
class MobileViTBlock(nn.Module):
    """Convolve, unfold into patches, transform, fold, project, and fuse with the input by a convolution.

    Args:
        in_channels: number of channels C of input and output.
        dim: token width of the transformer.
        depth: number of transformer layers.
        num_heads: number of attention heads.
        patch_size: side p of the patches.
        kernel_size: side of the kernels of the local and the fusing convolution, odd.
        mlp_ratio: hidden width of the MLPs as a multiple of dim.
        fusion: whether the input is joined to the result and a convolution fuses both.
        act: activation of convolutions and MLPs.
        drop: dropout of the outputs of attention and MLP, and of the MLP's hidden units.
        attn_drop: dropout of the attention weights.
        drop_path: probability of dropping a residual branch of the transformer in training.
        norm_eps: term under the root of the layer norms.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if num_heads does not divide dim, kernel_size is even, or another size is below 1.
    """

    def __init__(
        self,
        in_channels: int,
        dim: Annotated[int, (1, 4096)] = 64,
        depth: Annotated[int, (1, 32)] = 2,
        num_heads: Annotated[int, (1, 64)] = 4,
        patch_size: Annotated[int, (1, 32)] = 2,
        kernel_size: Annotated[int, (1, 31)] = 3,
        mlp_ratio: Annotated[float, (0.25, 16.0)] = 2.0,
        fusion: bool = True,
        act: Literal["silu", "gelu", "relu", "hardswish"] = "silu",
        drop: Annotated[float, (0.0, 1.0)] = 0.0,
        attn_drop: Annotated[float, (0.0, 1.0)] = 0.0,
        drop_path: Annotated[float, (0.0, 1.0)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        check_positive(dim=dim, depth=depth, patch_size=patch_size)
        self.patch_size = patch_size
        self.conv_local = ConvNormAct(in_channels, in_channels, kernel_size, act=act)
        self.expand = nn.Conv2d(in_channels, dim, 1, bias=False)
        self.layers = nn.Sequential()
        for _ in range(depth):
            self.layers.append(
                TransformerEncoderLayer(
                    dim,
                    num_heads,
                    None,
                    mlp_ratio,
                    act=act,
                    drop=drop,
                    attn_drop=attn_drop,
                    drop_path=drop_path,
                    norm_eps=norm_eps,
                )
            )
        self.norm = nn.LayerNorm(dim, eps=norm_eps)
        self.project = ConvNormAct(dim, in_channels, 1, act=act)
        self.fuse = ConvNormAct(2 * in_channels, in_channels, kernel_size, act=act) if fusion else None

    def forward(self, x: Tensor) -> Tensor:
        """Transform the map `x` (N, C, H, W); returns the same shape."""
        y = self.expand(self.conv_local(x))
        side, size = self.patch_size, y.shape[2:]
        height, width = (-(-length // side) * side for length in size)
        if (height, width) != tuple(size):
            y = F.interpolate(y, (height, width), mode="bilinear", align_corners=False)
        patches = window_partition(y.permute(0, 2, 3, 1), side).unflatten(0, (x.shape[0], -1))
        sequences = self.norm(self.layers(patches.transpose(1, 2).flatten(0, 1)))
        patches = sequences.unflatten(0, (x.shape[0], -1)).transpose(1, 2).flatten(0, 1)
        y = window_reverse(patches, side, height, width).permute(0, 3, 1, 2)
        if (height, width) != tuple(size):
            y = F.interpolate(y, tuple(size), mode="bilinear", align_corners=False)
        y = self.project(y)
        return y if self.fuse is None else self.fuse(torch.cat((x, y), 1))
