"""Max pooling of volumes and videos."""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.pooling import check_window_fits, check_windows
from blocks.spec import block


@block(shape="b c t h w -> b c t_out h_out w_out", tags=("pooling", "downsample", "subsample", "video"))
class MaxPool3d(nn.MaxPool3d):
    """Take the largest value of each window of a volume.

    Args:
        kernel_size: side of the window, one number or one for each axis.
        stride: step of the window, likewise; None: the side of the window.
        padding: border on each side, likewise, at most half the window.
        ceil_mode: whether a window that is only partly inside has an output too.

    Shape: input (N, C, T, H, W), output (N, C, T', H', W') with H' = floor((H + 2 padding - kernel_size) / stride) + 1.

    Raises:
        ValueError: if a size is out of range.
    """

    def __init__(
        self,
        kernel_size: Annotated[int | tuple[int, int, int], (1, 32)] = 2,
        stride: int | tuple[int, int, int] | None = None,
        padding: Annotated[int | tuple[int, int, int], (0, 16)] = 0,
        ceil_mode: bool = False,
    ) -> None:
        check_windows(kernel_size, stride, padding, 3)
        super().__init__(kernel_size, stride, padding, ceil_mode=ceil_mode)

    def forward(self, x: Tensor) -> Tensor:
        """Pool `x` (N, C, T, H, W)."""
        check_window_fits(x, self.kernel_size, self.padding, "volume")
        return super().forward(x)
