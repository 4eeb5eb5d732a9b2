"""The identity branch of a residual block that changes the size or the width of the map."""

from torch import nn

from blocks._shared.choices import check_choice
from blocks.conv.conv_norm_act import ConvNormAct


def make_shortcut(in_channels: int, out_channels: int, stride: int, kind: str) -> nn.Module:
    """Return the projection of a ResNet: a strided 1x1 convolution ("conv") or pooling before it ("pool", ResNet-D).

    Where neither the size nor the width changes it is the identity.

    Raises:
        ValueError: if the kind is unknown.
    """
    check_choice("shortcut", kind, "conv", "pool")
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    if kind == "conv" or stride == 1:
        return ConvNormAct(in_channels, out_channels, 1, stride, act="none")
    pool = nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)
    return nn.Sequential(pool, ConvNormAct(in_channels, out_channels, 1, act="none"))
