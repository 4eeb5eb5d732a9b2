"""A plain 1-d convolution; its output size is floor((size + 2 padding - dilation (kernel_size - 1) - 1) / stride) +
1.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.channels import check_groups
from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b c l -> b out_channels l_out",
    tokens="lost channel",
    tags=("convolution", "temporal", "sequence"),
    aliases={"in_channels": "c"},
)
class Conv1d(nn.Conv1d):
    """Convolve signals and token-like sequences with learned kernels.

    Args:
        in_channels: number of input channels C.
        out_channels: number of output channels.
        kernel_size: size of the kernel along each axis.
        stride: step of the kernel.
        padding: zeros on each side; None: half the kernel, which keeps the size of the input at stride 1.
        dilation: spacing of the kernel's elements.
        groups: number of groups that are convolved separately; as many as channels makes it depthwise.
        bias: whether a bias is learned.

    Shape: input (N, C, L), output (N, out_channels, L').

    Raises:
        ValueError: if `groups` does not divide the channels, or a size is out of range.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        kernel_size: Annotated[int, (1, 31)] = 3,
        stride: Annotated[int, (1, 32)] = 1,
        padding: int | None = None,
        dilation: Annotated[int, (1, 16)] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        check_positive(out_channels=out_channels, kernel_size=kernel_size, stride=stride, dilation=dilation)
        check_groups(groups, in_channels=in_channels, out_channels=out_channels)
        if padding is None:
            padding = dilation * (kernel_size - 1) // 2
        elif padding < 0:
            raise ValueError(f"padding: {padding} is negative, expected 0 or more")
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x` (N, C, L); returns (N, out_channels, L')."""
        return super().forward(x)
