"""Cross-scale embedding: patches of several sizes around the same centres, concatenated along the channels.

Wang et al., "CrossFormer: A Versatile Vision Transformer Hinging on Cross-scale Attention", ICLR 2022,
arXiv:2108.00154. Widths as in the paper and vit-pytorch 1.26: each larger kernel gets half of the channels of the one
before, the last two the same.
"""

import torch
from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels h//stride w//stride",
    paper=(
        "CrossFormer: A Versatile Vision Transformer Hinging on Cross-scale Attention, Wang et al., 2022, "
        "arXiv:2108.00154"
    ),
    tags=("crossformer", "cel", "multi-scale", "stem", "downsample"),
    aliases={"in_channels": "c"},
)
class CrossScaleEmbed(nn.Module):
    """Embed patches of several sizes by strided convolutions and concatenate them.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        kernel_sizes: sides of the patches; each must exceed the stride by an even number, or equal it.
        stride: distance between the centres of the patches.

    Shape: input (N, C, H, W), output (N, out_channels, H // stride, W // stride).

    Raises:
        ValueError: if stride is not positive, kernel_sizes is empty, a kernel does not fit the stride, there are more
            kernels than out_channels can be divided among, or the map is smaller than the stride.
    """

    def __init__(
        self, in_channels: int, out_channels: int = 64, kernel_sizes: tuple[int, ...] = (4, 8, 16, 32), stride: int = 4
    ) -> None:
        super().__init__()
        check_positive(stride=stride)
        if not kernel_sizes:
            raise ValueError("kernel_sizes: () is empty, expected at least one size such as (4, 8)")
        for size in kernel_sizes:
            if size < stride or (size - stride) % 2:
                raise ValueError(
                    f"kernel_sizes: {size} does not exceed stride {stride} by an even number, as {stride + 2} would"
                )
        widths = [out_channels // 2**i for i in range(1, len(kernel_sizes))]
        widths.append(out_channels - sum(widths))
        if min(widths) < 1:
            raise ValueError(
                f"kernel_sizes: {len(kernel_sizes)} kernels leave none of {out_channels} out_channels to the largest"
            )
        self.stride = stride
        self.convs = nn.ModuleList(
            nn.Conv2d(in_channels, width, size, stride, (size - stride) // 2)
            for size, width in zip(sorted(kernel_sizes), widths, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Embed `x` (N, C, H, W); returns (N, out_channels, H // stride, W // stride)."""
        if min(x.shape[2:]) < self.stride:
            raise ValueError(f"map {tuple(x.shape[2:])} is smaller than stride {self.stride}")
        return torch.cat([conv(x) for conv in self.convs], dim=1)
