"""Flattens a volume or a video to a sequence of tokens."""

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c t h w -> b t*h*w c",
    tokens="lost tube",
    tags=("flatten", "sequence", "video", "3d", "patches"),
)
class VolumeToTokens(nn.Module):
    """Make every position of a volume a token.

    Shape: input (N, C, T, H, W), output (N, T * H * W, C), frames slowest, then rows.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Flatten `x` (N, C, T, H, W); returns (N, T * H * W, C)."""
        return x.flatten(2).transpose(1, 2)
