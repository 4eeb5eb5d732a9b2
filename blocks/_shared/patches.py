"""Non-overlapping patches of an image or a video, projected to tokens."""

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from blocks._shared.choices import check_choice, check_positive


def check_divides(name: str, size: int, patch: int) -> None:
    """Raise ValueError unless `patch` divides `size`, naming the nearest sizes that fit."""
    if size % patch or size < patch:
        below = size // patch * patch
        nearest = f"{below} or {below + patch}" if below else f"{patch}"
        raise ValueError(f"{name}: {size} is not a multiple of the patch size {patch}; resize it to {nearest}")


def cut_patches(x: Tensor, patch: Sequence[int]) -> Tensor:
    """Cut `x` (N, C, *sizes) into patches; returns (N, tokens, prod(patch) * C), channels fastest, as in
    vit-pytorch.
    """
    axes = len(patch)
    for axis, side in enumerate(patch):
        x = x.unflatten(2 + 2 * axis, (-1, side))
    grid, inside = range(2, 2 + 2 * axes, 2), range(3, 3 + 2 * axes, 2)
    return x.permute(0, *grid, *inside, 1).flatten(1, axes).flatten(2)


class PatchProjection(nn.Module):
    """Project patches to tokens of width dim, with a layer norm before it, after it, on both sides or none."""

    def __init__(
        self, in_channels: int, patch: Sequence[int], dim: int, norm: str, bias: bool = True, norm_eps: float = 1e-5
    ) -> None:
        super().__init__()
        check_positive(patch_size=patch[-1], dim=dim)
        check_choice("norm", norm, "none", "before", "after", "both")
        self.patch = tuple(patch)
        width = in_channels * math.prod(self.patch)
        self.norm_in = nn.LayerNorm(width, eps=norm_eps) if norm in ("before", "both") else None
        if self.norm_in is not None:
            self.proj: nn.Module = nn.Linear(width, dim, bias=bias)
        else:
            # A strided convolution is the same linear map without a copy of the patches.
            conv: Any = nn.Conv2d if len(self.patch) == 2 else nn.Conv3d
            self.proj = conv(in_channels, dim, self.patch, self.patch, bias=bias)
        self.norm = nn.LayerNorm(dim, eps=norm_eps) if norm in ("after", "both") else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Embed `x` (N, C, *sizes); returns (N, tokens, dim), the last axis of the grid fastest."""
        for name, size, side in zip(
            ("width", "height", "frames"), reversed(x.shape[2:]), reversed(self.patch), strict=False
        ):
            check_divides(name, size, side)
        if self.norm_in is not None:
            tokens = self.proj(self.norm_in(cut_patches(x, self.patch)))
        else:
            tokens = self.proj(x).flatten(2).transpose(1, 2)
        return self.norm(tokens)
