"""Sinusoidal position encoding of a video: a third of the width each for frame, row and column.

The encoding of Beyer, Zhai, Kolesnikov, "Better plain ViT baselines for ImageNet-1k", 2022, arXiv:2205.01580, with a
third axis, as `simple_vit_3d` of vit-pytorch 1.26: sin x, cos x, sin y, cos y, sin t, cos t with rates
base^(-i / (dim // 6 - 1)); what dim leaves over 6 dim // 6 stays without a position.
"""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.choices import check_positive
from blocks.spec import block


@block(
    shape="b n dim -> b n dim",
    paper="Better plain ViT baselines for ImageNet-1k, Beyer et al., 2022, arXiv:2205.01580",
    tags=("positional", "encoding", "absolute", "video", "3d", "simple vit"),
    examples=(
        {"n": 16, "dim": 32, "frames": 4, "height": 2},
        {"n": 54, "dim": 64, "frames": 1, "height": 6},
        {"n": 27, "dim": 96, "frames": 3, "height": 3},
    ),
)
class SinCos3dPosition(nn.Module):
    """Add sines and cosines of frame, row and column to each token.

    Args:
        n: number of tokens.
        dim: token width.
        frames: number of frames.
        height: rows of a frame; the columns follow.
        base: ratio of the longest wave to the shortest.
        drop: dropout rate after the sum.

    Shape: input (N, n, dim), output (N, n, dim), frames slowest, then rows.

    Raises:
        ValueError: if `dim` is below 12, or frames times height does not divide the number of tokens.
    """

    encoding: Tensor

    def __init__(
        self,
        n: int,
        dim: int,
        frames: int = 1,
        height: int = 1,
        base: Annotated[float, (1, 1e9)] = 10000.0,
        drop: Annotated[float, (0, 1)] = 0.0,
    ) -> None:
        super().__init__()
        check_positive(frames=frames, height=height)
        if dim < 12:
            raise ValueError(f"dim: {dim} is too narrow, expected 12 or more for sine and cosine of three axes")
        if n % (frames * height):
            raise ValueError(f"frames * height: {frames} * {height} does not divide the {n} tokens")
        width = n // (frames * height)
        axes = torch.arange(frames), torch.arange(height), torch.arange(width)
        t, y, x = (part.reshape(-1, 1).double() for part in torch.meshgrid(*axes, indexing="ij"))
        rate = base ** -(torch.arange(dim // 6, dtype=torch.float64) / (dim // 6 - 1))
        waves = [function(part * rate) for part in (x, y, t) for function in (torch.sin, torch.cos)]
        encoding = F.pad(torch.cat(waves, dim=1), (0, dim - 6 * (dim // 6)))
        self.register_buffer("encoding", encoding.to(torch.get_default_dtype()).unsqueeze(0), persistent=False)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        """Add positions to `x` (N, n, dim); returns the same shape."""
        if x.shape[1] != self.encoding.shape[1]:
            raise ValueError(f"x: {x.shape[1]} tokens, but there are {self.encoding.shape[1]} positions")
        return self.drop(x + self.encoding.to(x.dtype))
