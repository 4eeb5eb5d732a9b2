"""Pads a map to sizes that a later block can divide."""

from typing import Annotated, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_choice, check_positive
from blocks.spec import block


@block(
    shape="b c h w -> b c -(-h//multiple)*multiple -(-w//multiple)*multiple",
    tokens="pad",
    tags=("padding", "border", "divisible", "multiple"),
    role="pad",
)
class Pad2d(nn.Module):
    """Pad a map at the right and bottom until height and width are multiples of a number.

    Args:
        multiple: number that divides the sizes of the output.
        mode: values of the padding: zeros, the nearest border value, or the map mirrored at its border.

    Shape: input (N, C, H, W), output (N, C, ceil(H / multiple) multiple, ceil(W / multiple) multiple).

    Raises:
        ValueError: if multiple is below 1, mode is unknown, or mode "reflect" would need more rows or columns than
            there are.
    """

    def __init__(
        self, multiple: Annotated[int, (1, 256)] = 8, mode: Literal["zeros", "replicate", "reflect"] = "zeros"
    ) -> None:
        super().__init__()
        check_positive(multiple=multiple)
        check_choice("mode", mode, "zeros", "replicate", "reflect")
        self.multiple = multiple
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        """Pad `x` (N, C, H, W) to multiples."""
        height, width = x.shape[2:]
        bottom, right = -height % self.multiple, -width % self.multiple
        if not (bottom or right):
            return x
        if self.mode == "reflect" and (bottom >= height or right >= width):
            raise ValueError(
                f"mode: 'reflect' cannot add {bottom} rows and {right} columns to a map of {height} x {width}; "
                f"use 'replicate' or 'zeros'"
            )
        return F.pad(x, (0, right, 0, bottom), mode="constant" if self.mode == "zeros" else self.mode)

    def extra_repr(self) -> str:
        """Show the settings when printed."""
        return f"multiple={self.multiple}, mode={self.mode!r}"
