"""Max pooling of volumes and videos."""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(shape="b c t h w -> b c t_out h_out w_out", tags=("pooling", "downsample", "subsample", "video"))
class MaxPool3d(nn.MaxPool3d):
    """Take the largest value of each window of a volume.

    Args:
        kernel_size: side of the window.
        stride: step of the window; None: the side of the window.
        padding: border on each side, at most half the window.
        ceil_mode: whether a window that is only partly inside has an output too.

    Shape: input (N, C, T, H, W), output (N, C, T', H', W') with H' = floor((H + 2 padding - kernel_size) / stride) + 1.

    Raises:
        ValueError: if a size is out of range.
    """

    def __init__(
        self,
        kernel_size: Annotated[int, (1, 32)] = 2,
        stride: int | None = None,
        padding: Annotated[int, (0, 16)] = 0,
        ceil_mode: bool = False,
    ) -> None:
        check_positive(kernel_size=kernel_size, stride=kernel_size if stride is None else stride)
        if not 0 <= padding <= kernel_size // 2:
            raise ValueError(f"padding: {padding} is not between 0 and half of kernel_size {kernel_size}")
        super().__init__(kernel_size, stride, padding, ceil_mode=ceil_mode)
        self.side, self.margin = kernel_size, padding

    def forward(self, x: Tensor) -> Tensor:
        """Pool `x` (N, C, T, H, W)."""
        if min(x.shape[2:]) + 2 * self.margin < self.side:
            raise ValueError(f"kernel_size: {self.kernel_size} is larger than the volume {tuple(x.shape[2:])}")
        return super().forward(x)
