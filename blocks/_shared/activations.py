"""Activations by name; every block uses the same names."""

from torch import nn


def make_activation(name: str) -> nn.Module:
    """Return the activation called `name`; "none" is the identity.

    Raises:
        ValueError: if the name is unknown.
    """
    match name:
        case "relu":
            return nn.ReLU()
        case "relu6":
            return nn.ReLU6()
        case "leaky_relu":
            return nn.LeakyReLU(0.1)
        case "gelu":
            return nn.GELU()
        case "silu":
            return nn.SiLU()
        case "hardswish":
            return nn.Hardswish()
        case "none":
            return nn.Identity()
    raise ValueError(f"act: {name!r} is not one of relu, relu6, leaky_relu, gelu, silu, hardswish, none")
