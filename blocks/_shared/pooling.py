"""Windows of pooling layers: what fits, checked in words before torch raises."""

from torch import Tensor

from blocks._shared.choices import check_positive, per_axis


def check_windows(
    kernel_size: int | tuple[int, ...], stride: int | tuple[int, ...] | None, padding: int | tuple[int, ...], axes: int
) -> None:
    """Raise ValueError unless the sizes are positive and the padding is at most half the window along every axis."""
    check_positive(kernel_size=kernel_size, stride=kernel_size if stride is None else stride)
    pairs = zip(per_axis(padding, axes), per_axis(kernel_size, axes), strict=True)
    if any(not 0 <= border <= side // 2 for border, side in pairs):
        raise ValueError(f"padding: {padding} is not between 0 and half of kernel_size {kernel_size}")


def check_window_fits(x: Tensor, kernel_size: int | tuple[int, ...], padding: int | tuple[int, ...], what: str) -> None:
    """Raise ValueError if the window is larger than the padded map or volume `x` (N, C, *sizes)."""
    sizes = x.shape[2:]
    borders, sides = per_axis(padding, len(sizes)), per_axis(kernel_size, len(sizes))
    if any(size + 2 * border < side for size, border, side in zip(sizes, borders, sides, strict=True)):
        raise ValueError(f"kernel_size: {kernel_size} is larger than the {what} {tuple(sizes)}")
