"""Normalisations of feature maps (N, C, H, W) by name; every block uses the same names."""

import math

from torch import Tensor, nn
from torch.nn import functional as F


class ChannelLayerNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each position of a map (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` (N, C, H, W); returns the same shape."""
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


def make_map_norm(name: str, channels: int, eps: float = 1e-5) -> nn.Module:
    """Return the normalisation called `name` for maps of `channels` channels, with `eps` under its root; "none" is the
    identity.

    Raises:
        ValueError: if the name is unknown.
    """
    match name:
        case "batch":
            return nn.BatchNorm2d(channels, eps=eps)
        case "layer":
            return ChannelLayerNorm(channels, eps=eps)
        case "group":
            return nn.GroupNorm(math.gcd(32, channels), channels, eps=eps)
        case "none":
            return nn.Identity()
    raise ValueError(f"norm: {name!r} is not one of batch, layer, group, none")
