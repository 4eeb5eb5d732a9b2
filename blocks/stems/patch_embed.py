"""Patch embedding: an image becomes one token for each square patch.

Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, arXiv:2010.11929.
norm="none" is the paper and timm 1.0.31, "after" is Swin, "both" is vit-pytorch 1.26 (layer norm of the flat patch and
of the token).
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import per_axis
from blocks._shared.patches import PatchProjection
from blocks.spec import block


@block(
    shape="b c h w -> b (h//patch_size[0])*(w//patch_size[1]) dim",
    tokens="grid",
    paper=(
        "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale, Dosovitskiy et al., 2021, "
        "arXiv:2010.11929"
    ),
    tags=("vit", "tokens", "patches", "stem"),
    aliases={"in_channels": "c"},
    examples=(
        {"c": 3, "h": 32, "w": 48, "dim": 64},
        {"c": 4, "h": 16, "w": 8, "dim": 32, "patch_size": 4, "norm": "both"},
        {"c": 3, "h": 21, "w": 14, "dim": 96, "patch_size": 7, "norm": "after", "bias": False},
    ),
    converts="map -> tokens",
)
class PatchEmbed(nn.Module):
    """Cut an image into patches and project each to a token.

    Args:
        in_channels: number of input channels.
        dim: width of a token.
        patch_size: side of a patch in pixels, or its height and width; it must divide those of the image.
        norm: where to put a layer norm: on the flat patch (before), on the token (after), on both, or nowhere.
        bias: whether the projection has a bias.
        norm_eps: term under the root of the layer norms.

    Shape: input (N, C, H, W), output (N, H / patch_size * W / patch_size, dim), row by row.

    Raises:
        ValueError: if dim or patch_size is not positive, or patch_size does not divide the height or the width.
    """

    def __init__(
        self,
        in_channels: int,
        dim: int = 192,
        patch_size: int | tuple[int, int] = 16,
        norm: Literal["none", "before", "after", "both"] = "none",
        bias: bool = True,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.patches = PatchProjection(in_channels, per_axis(patch_size, 2), dim, norm, bias, norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        """Embed `x` (N, C, H, W); returns (N, tokens, dim)."""
        return self.patches(x)
