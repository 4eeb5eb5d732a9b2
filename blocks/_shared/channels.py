"""Width rounding as in MobileNet and its successors, and checks of widths."""

import math

from torch import nn


def round_channels(value: float, divisor: int = 8, lower: int = 0, keep: float = 0.9) -> int:
    """Round `value` to a multiple of `divisor`, at least `lower` (or one multiple) and at least `keep` times the
    value.
    """
    rounded = max(lower or divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < keep * value else rounded


def check_groups(groups: int, name: str = "groups", **widths: int) -> None:
    """Raise ValueError unless `groups` divides every one of `widths`."""
    for width_name, width in widths.items():
        if groups < 1 or width % groups:
            raise ValueError(f"{name}: {groups} does not divide {width_name} {width}")


def check_odd(name: str, value: int) -> None:
    """Raise ValueError unless `value` is odd, so that padding keeps the size of the map."""
    if value < 1 or value % 2 == 0:
        raise ValueError(f"{name}: {value} is not a positive odd number, such as 3, 5 or 7")


def init_convolutions(module: nn.Module) -> None:
    """Draw every convolution of `module` from N(0, 2 / fan_out), fan_out within a group; biases are 0 (He et al.,
    2015).
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            fan_out = math.prod(layer.kernel_size) * layer.out_channels // layer.groups
            nn.init.normal_(layer.weight, std=math.sqrt(2 / fan_out))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
