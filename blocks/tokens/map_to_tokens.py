"""Flattens a map row by row to a sequence of tokens."""

from torch import Tensor, nn

from blocks.spec import block


@block(shape="b c h w -> b h*w c", tokens="grid", tags=("flatten", "sequence", "patches"), converts="map -> tokens")
class MapToTokens(nn.Module):
    """Make every position of a map a token.

    Shape: input (N, C, H, W), output (N, H * W, C), rows first.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Flatten `x` (N, C, H, W); returns (N, H * W, C)."""
        return x.flatten(2).transpose(1, 2)
