"""An activation function, chosen by name."""

from typing import Literal

from torch import Tensor, nn

from blocks._shared.activations import make_activation
from blocks.spec import block


@block(shape="... -> ...", tags=("relu", "gelu", "silu", "swish", "sigmoid", "tanh", "nonlinearity"))
class Activation(nn.Module):
    """Apply a non-linear function to every element.

    Args:
        name: which function; silu is also called swish.

    Shape: any, kept.

    Raises:
        ValueError: if the name is unknown.
    """

    def __init__(
        self,
        name: Literal[
            "relu",
            "gelu",
            "silu",
            "relu6",
            "leaky_relu",
            "hardswish",
            "sigmoid",
            "hardsigmoid",
            "tanh",
            "elu",
            "mish",
            "softplus",
        ] = "relu",
    ) -> None:
        super().__init__()
        more = {
            "sigmoid": nn.Sigmoid,
            "hardsigmoid": nn.Hardsigmoid,
            "tanh": nn.Tanh,
            "elu": nn.ELU,
            "mish": nn.Mish,
            "softplus": nn.Softplus,
        }
        self.act = more[name]() if name in more else make_activation(name)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function to `x`; returns the same shape."""
        return self.act(x)
