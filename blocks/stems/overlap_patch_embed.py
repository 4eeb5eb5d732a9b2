"""Overlapping patch embedding: a strided convolution whose kernel is larger than its stride, then a layer norm.

Wu et al., "CvT: Introducing Convolutions to Vision Transformers", ICCV 2021, arXiv:2103.15808; also PVTv2 and
SegFormer. Padding is kernel_size // 2 as in PVTv2 and vit-pytorch 1.26; the CvT authors pad the 7x7 kernel by 2 (the
same size of map).
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.channels import check_odd
from blocks._shared.choices import check_positive
from blocks._shared.map_norms import make_map_norm
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="CvT: Introducing Convolutions to Vision Transformers, Wu et al., 2021, arXiv:2103.15808",
    tags=("cvt", "pvt", "segformer", "convolutional token embedding", "downsample"),
    aliases={"in_channels": "c"},
)
class OverlapPatchEmbed(nn.Module):
    """Embed overlapping patches as the positions of a smaller map.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        kernel_size: side of a patch, odd.
        stride: distance between patches.
        norm: normalisation of the result.
        norm_eps: term under the root of the normalisation.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if out_channels is not positive or kernel_size is even.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        kernel_size: int = 7,
        stride: Annotated[int, (1, 16)] = 4,
        norm: Literal["layer", "batch", "none"] = "layer",
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        check_positive(out_channels=out_channels)
        check_odd("kernel_size", kernel_size)
        self.proj = nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2)
        self.norm = make_map_norm(norm, out_channels, norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        """Embed `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        return self.norm(self.proj(x))
