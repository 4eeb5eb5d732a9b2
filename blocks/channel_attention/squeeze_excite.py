"""Squeeze-and-Excitation: one gate per channel, computed from the channel means.

Hu, Shen, Sun, "Squeeze-and-Excitation Networks", CVPR 2018, arXiv:1709.01507.
1x1 convolutions replace the two linear layers (same parameters, no reshape). divisor=8 gives the width of timm 1.0.31
SEModule, hidden_channels that of EfficientNet; bias=False is the paper's formula without its usual biases.
"""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.activations import make_activation
from blocks._shared.channels import round_channels
from blocks._shared.choices import check_choice, check_positive
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="Squeeze-and-Excitation Networks, Hu et al., 2018, arXiv:1709.01507",
    maps={"gate": "channel"},
    tags=("se", "gating", "senet"),
    aliases={"channels": "c"},
)
class SqueezeExcite(nn.Module):
    """Reweight every channel by a gate learned from global average pooling.

    Args:
        channels: number of input channels C.
        reduction: ratio r of the bottleneck; its width is C / r.
        divisor: the width of the bottleneck is rounded to a multiple of this, and is at least one multiple.
        hidden_channels: width of the bottleneck; empty: C / r.
        bias: whether the two layers have a bias.
        act: activation in the bottleneck.
        gate: function that turns scores into gates: the sigmoid, or its piecewise linear form (MobileNetV3,
            GhostNet).

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if hidden_channels is not positive or gate is unknown.
    """

    def __init__(
        self,
        channels: int,
        reduction: Annotated[float, (1, 64)] = 16,
        divisor: Annotated[int, (1, 64)] = 1,
        hidden_channels: int | None = None,
        bias: bool = True,
        act: Literal["relu", "relu6", "silu", "gelu", "hardswish"] = "relu",
        gate: Literal["sigmoid", "hardsigmoid"] = "sigmoid",
    ) -> None:
        super().__init__()
        check_choice("gate", gate, "sigmoid", "hardsigmoid")
        if hidden_channels is None:
            hidden_channels = round_channels(channels / reduction, divisor, keep=0)
        check_positive(hidden_channels=hidden_channels)
        self.reduce = nn.Conv2d(channels, hidden_channels, 1, bias=bias)
        self.act = make_activation(act)
        self.expand = nn.Conv2d(hidden_channels, channels, 1, bias=bias)
        self.gate: nn.Module = nn.Sigmoid() if gate == "sigmoid" else nn.Hardsigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Gate `x` (N, C, H, W); returns the same shape."""
        means = x.mean((2, 3), keepdim=True)
        return x * self.gate(self.expand(self.act(self.reduce(means))))
