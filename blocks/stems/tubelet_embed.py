"""Tubelet embedding: a video becomes one token for each block of a few frames and a square patch.

Arnab et al., "ViViT: A Video Vision Transformer", ICCV 2021, arXiv:2103.15691.
norm="none" is the paper (a strided 3-d convolution), "both" is vit-pytorch 1.26 (layer norm of the flat tubelet and of
the token).
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.choices import check_positive, per_axis
from blocks._shared.patches import PatchProjection
from blocks.spec import block


@block(
    shape="b c t h w -> b (t//frame_patch_size)*(h//patch_size[0])*(w//patch_size[1]) dim",
    tokens="lost tube",
    paper="ViViT: A Video Vision Transformer, Arnab et al., 2021, arXiv:2103.15691",
    tags=("vivit", "video", "3d", "tokens", "stem"),
    aliases={"in_channels": "c"},
    examples=(
        {"c": 3, "t": 4, "h": 32, "w": 16, "dim": 64},
        {"c": 4, "t": 6, "h": 8, "w": 12, "dim": 32, "patch_size": 4, "frame_patch_size": 3, "norm": "both"},
        {"c": 1, "t": 2, "h": 14, "w": 21, "dim": 96, "patch_size": 7, "frame_patch_size": 1, "norm": "after"},
    ),
)
class TubeletEmbed(nn.Module):
    """Cut a video into tubelets and project each to a token.

    Args:
        in_channels: number of input channels.
        dim: width of a token.
        patch_size: side of a tubelet in pixels, or its height and width; it must divide those of the video.
        frame_patch_size: length of a tubelet in frames; it must divide the number of frames.
        norm: where to put a layer norm: on the flat tubelet (before), on the token (after), on both, or nowhere.
        norm_eps: term under the root of the layer norms.

    Shape: input (N, C, T, H, W), output (N, T / frame_patch_size * H / patch_size * W / patch_size, dim), frames
    slowest.

    Raises:
        ValueError: if dim or a patch size is not positive, or a patch size does not divide the size of the video.
    """

    def __init__(
        self,
        in_channels: int,
        dim: int = 192,
        patch_size: int | tuple[int, int] = 16,
        frame_patch_size: int = 2,
        norm: Literal["none", "before", "after", "both"] = "none",
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        check_positive(frame_patch_size=frame_patch_size)
        self.patches = PatchProjection(
            in_channels, (frame_patch_size, *per_axis(patch_size, 2)), dim, norm, norm_eps=norm_eps
        )

    def forward(self, x: Tensor) -> Tensor:
        """Embed `x` (N, C, T, H, W); returns (N, tokens, dim)."""
        return self.patches(x)
