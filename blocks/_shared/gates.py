"""The channel and spatial attentions that may sit inside a residual block, by name."""

from torch import nn

from blocks.channel_attention.eca import ECA
from blocks.channel_attention.squeeze_excite import SqueezeExcite
from blocks.combined.cbam import CBAM


def make_gate_block(name: str, channels: int) -> nn.Module:
    """Return the attention called `name` for maps of `channels` channels; "none" is the identity.

    Raises:
        ValueError: if the name is unknown.
    """
    match name:
        case "se":
            return SqueezeExcite(channels, divisor=8)
        case "eca":
            return ECA(channels)
        case "cbam":
            return CBAM(channels)
        case "none":
            return nn.Identity()
    raise ValueError(f"attention: {name!r} is not one of none, se, eca, cbam")
