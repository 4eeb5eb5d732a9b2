"""Shifted patch tokenization: the image and four shifted copies of it are cut into patches together.

Lee, Lee, Song, "Vision Transformer for Small-Size Datasets", 2021, arXiv:2112.13492.
The paper shifts along the diagonals by half a patch; directions="axes", shift=1 is vit-pytorch 1.26.
"""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_choice, check_positive
from blocks._shared.patches import PatchProjection, check_divides
from blocks.spec import block


@block(
    shape="b c h w -> b (h//patch_size)*(w//patch_size) dim",
    tokens="grid",
    paper="Vision Transformer for Small-Size Datasets, Lee et al., 2021, arXiv:2112.13492",
    tags=("spt", "shifted patch tokenization", "small datasets", "stem"),
    aliases={"in_channels": "c"},
    examples=(
        {"c": 3, "h": 32, "w": 48, "dim": 64},
        {"c": 4, "h": 16, "w": 8, "dim": 32, "patch_size": 4},
        {"c": 3, "h": 21, "w": 14, "dim": 96, "patch_size": 7, "shift": 1, "directions": "axes"},
    ),
)
class ShiftedPatchEmbed(nn.Module):
    """Concatenate an image with four shifted copies, then embed the patches as tokens.

    Args:
        in_channels: number of input channels.
        dim: width of a token.
        patch_size: side of a patch in pixels; it must divide the height and the width.
        shift: distance of the shifts in pixels; empty: half a patch.
        directions: whether the copies are shifted along the diagonals or along the axes.
        norm_eps: term under the root of the layer norm.

    Shape: input (N, C, H, W), output (N, H / patch_size * W / patch_size, dim), row by row.

    Raises:
        ValueError: if dim or patch_size is not positive, patch_size does not divide the height or the width, or the
            shift exceeds one.
    """

    def __init__(
        self,
        in_channels: int,
        dim: int = 192,
        patch_size: int = 16,
        shift: int | None = None,
        directions: Literal["diagonal", "axes"] = "diagonal",
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        check_positive(patch_size=patch_size)
        check_choice("directions", directions, "diagonal", "axes")
        self.patch_size = patch_size
        self.shift = step = patch_size // 2 if shift is None else shift
        moves = ((1, 0), (-1, 0), (0, 1), (0, -1)) if directions == "axes" else ((1, 1), (-1, 1), (1, -1), (-1, -1))
        # Padding by (left, right, top, bottom) with one side negative shifts a map and preserves its size.
        self.shifts = [(step * right, -step * right, step * down, -step * down) for right, down in moves]
        self.patches = PatchProjection(5 * in_channels, (patch_size, patch_size), dim, norm="before", norm_eps=norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        """Embed `x` (N, C, H, W); returns (N, tokens, dim)."""
        height, width = x.shape[2:]
        check_divides("width", width, self.patch_size)
        check_divides("height", height, self.patch_size)
        if abs(self.shift) > min(height, width):
            raise ValueError(
                f"shift: {self.shift} moves a map of {height} x {width} out of itself, "
                f"expected at most {min(height, width)}"
            )
        return self.patches(torch.cat([x, *(F.pad(x, shift) for shift in self.shifts)], dim=1))
