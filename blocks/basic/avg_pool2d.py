"""Average pooling; the padding is not counted, so borders are means of real values (PyTorch's default counts it)."""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.pooling import check_window_fits, check_windows
from blocks.spec import block


@block(shape="b c h w -> b c h_out w_out", tags=("pooling", "downsample", "subsample"))
class AvgPool2d(nn.AvgPool2d):
    """Take the mean of each window of a map.

    Args:
        kernel_size: side of the window, one number or one for each axis.
        stride: step of the window, likewise; None: the side of the window.
        padding: border on each side, likewise, at most half the window.
        ceil_mode: whether a window that is only partly inside has an output too.

    Shape: input (N, C, H, W), output (N, C, H', W') with H' = floor((H + 2 padding - kernel_size) / stride) + 1.

    Raises:
        ValueError: if a size is out of range.
    """

    def __init__(
        self,
        kernel_size: Annotated[int | tuple[int, int], (1, 32)] = 2,
        stride: int | tuple[int, int] | None = None,
        padding: Annotated[int | tuple[int, int], (0, 16)] = 0,
        ceil_mode: bool = False,
    ) -> None:
        check_windows(kernel_size, stride, padding, 2)
        super().__init__(kernel_size, stride, padding, ceil_mode=ceil_mode, count_include_pad=False)

    def forward(self, x: Tensor) -> Tensor:
        """Pool `x` (N, C, H, W)."""
        check_window_fits(x, self.kernel_size, self.padding, "map")
        return super().forward(x)
