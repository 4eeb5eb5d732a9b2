"""A plain 2-d convolution; its output size is floor((size + 2 padding - dilation (kernel_size - 1) - 1) / stride) +
1.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.channels import check_groups
from blocks._shared.choices import check_positive, per_axis
from blocks.spec import block


@block(shape="b c h w -> b out_channels h_out w_out", tags=("convolution", "spatial"), aliases={"in_channels": "c"})
class Conv2d(nn.Conv2d):
    """Convolve maps with learned kernels.

    Args:
        in_channels: number of input channels C.
        out_channels: number of output channels.
        kernel_size: size of the kernel, one number or one for each axis.
        stride: step of the kernel, likewise.
        padding: zeros on each side, likewise; None: half the kernel, which keeps the size of the input at stride 1.
        dilation: spacing of the kernel's elements, likewise.
        groups: number of groups that are convolved separately; as many as channels makes it depthwise.
        bias: whether a bias is learned.

    Shape: input (N, C, H, W), output (N, out_channels, H', W').

    Raises:
        ValueError: if `groups` does not divide the channels, or a size is out of range.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        kernel_size: Annotated[int | tuple[int, int], (1, 31)] = 3,
        stride: Annotated[int | tuple[int, int], (1, 32)] = 1,
        padding: int | tuple[int, int] | None = None,
        dilation: Annotated[int | tuple[int, int], (1, 16)] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        check_positive(out_channels=out_channels, kernel_size=kernel_size, stride=stride, dilation=dilation)
        check_groups(groups, in_channels=in_channels, out_channels=out_channels)
        sides = zip(per_axis(kernel_size, 2), per_axis(dilation, 2), strict=True)
        half = tuple(spacing * (side - 1) // 2 for side, spacing in sides)
        borders = half if padding is None else per_axis(padding, 2)
        if min(borders) < 0:
            raise ValueError(f"padding: {padding} is negative, expected 0 or more")
        super().__init__(
            in_channels, out_channels, kernel_size, stride, (borders[0], borders[1]), dilation, groups, bias
        )

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x` (N, C, H, W); returns (N, out_channels, H', W')."""
        return super().forward(x)
