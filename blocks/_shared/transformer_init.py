"""The initialisation of a vision transformer's linear layers."""

from torch import nn


def init_linears(module: nn.Module, std: float = 0.02) -> None:
    """Draw the weights of every linear layer of `module` from a truncated normal distribution; biases are 0."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.trunc_normal_(layer.weight, std=std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
