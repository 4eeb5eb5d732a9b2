"""Effective squeeze-and-excitation: one full linear layer in place of the bottleneck; SE-Var3 of the ECA paper.

Lee, Park, "CenterMask: Real-Time Anchor-Free Instance Segmentation", CVPR 2020, arXiv:1911.06667.
The papers write a sigmoid; the authors' code and timm 1.0.31 use the hard sigmoid.
"""

from typing import Literal

from torch import Tensor, nn

from blocks._shared.choices import check_choice
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="CenterMask: Real-Time Anchor-Free Instance Segmentation, Lee and Park, 2020, arXiv:1911.06667",
    maps={"gate": "channel"},
    tags=("ese", "se variant", "SE-Var3", "vovnet", "gating"),
    aliases={"channels": "c"},
)
class EffectiveSE(nn.Module):
    """Reweight every channel by a gate computed from all channel means by one linear layer.

    Args:
        channels: number of input channels C.
        bias: whether the linear layer has a bias.
        gate: function from logits to gates.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if gate is unknown.
    """

    def __init__(self, channels: int, bias: bool = True, gate: Literal["sigmoid", "hard_sigmoid"] = "sigmoid") -> None:
        super().__init__()
        check_choice("gate", gate, "sigmoid", "hard_sigmoid")
        self.linear = nn.Conv2d(channels, channels, 1, bias=bias)
        self.gate = nn.Sigmoid() if gate == "sigmoid" else nn.Hardsigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Gate `x` (N, C, H, W); returns the same shape."""
        return x * self.gate(self.linear(x.mean((2, 3), keepdim=True)))
