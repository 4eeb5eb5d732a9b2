"""Enlarges a map by interpolation; bilinear and bicubic do not align corners, as in image libraries."""

from typing import Annotated, Literal

from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_choice, check_positive
from blocks.spec import block


@block(
    shape="b c h w -> b c h*scale_factor w*scale_factor",
    tags=("interpolate", "resize", "enlarge", "decoder"),
    role="upsample",
)
class Upsample(nn.Module):
    """Enlarge a map by an integer factor.

    Args:
        scale_factor: how many times larger both sides become.
        mode: interpolation.

    Shape: input (N, C, H, W), output (N, C, H * scale_factor, W * scale_factor).

    Raises:
        ValueError: if `scale_factor` is not positive or `mode` is unknown.
    """

    def __init__(
        self, scale_factor: Annotated[int, (1, 32)] = 2, mode: Literal["nearest", "bilinear", "bicubic"] = "nearest"
    ) -> None:
        super().__init__()
        check_positive(scale_factor=scale_factor)
        check_choice("mode", mode, "nearest", "bilinear", "bicubic")
        self.scale_factor = scale_factor
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge `x` (N, C, H, W)."""
        return F.interpolate(x, scale_factor=float(self.scale_factor), mode=self.mode)
