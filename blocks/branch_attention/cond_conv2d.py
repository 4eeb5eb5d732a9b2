"""Conditionally parameterized convolution: sigmoid gates mix the kernels of several experts for each sample.

Yang, Bender, Le, Ngiam, "CondConv: Conditionally Parameterized Convolutions for Efficient Inference", NeurIPS 2019,
arXiv:1904.04971. The mixed kernels run as one grouped convolution. The experts' biases, if any, are mixed by the same
gates.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks._shared.expert_conv import ExpertConv2d
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper=(
        "CondConv: Conditionally Parameterized Convolutions for Efficient Inference, Yang et al., 2019, "
        "arXiv:1904.04971"
    ),
    maps={"gate": "branch"},
    tags=("condconv", "experts", "mixture", "routing"),
    aliases={"in_channels": "c"},
    no_decay=("conv.bias",),
)
class CondConv2d(nn.Module):
    """Convolve each sample with a sum of expert kernels, weighted by gates from the channel means.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        kernel_size: side of the kernels, odd.
        stride: stride of the convolution.
        dilation: distance between the taps of the kernels.
        groups: number of channel groups that are convolved separately.
        bias: whether each expert has a bias.
        num_experts: number of expert kernels.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if kernel_size is even, groups does not divide both channel counts, or out_channels or num_experts
            is not positive.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        kernel_size: int = 3,
        stride: Annotated[int, (1, 8)] = 1,
        dilation: Annotated[int, (1, 32)] = 1,
        groups: int = 1,
        bias: bool = True,
        num_experts: Annotated[int, (1, 64)] = 8,
    ) -> None:
        super().__init__()
        check_positive(out_channels=out_channels, num_experts=num_experts)
        self.router = nn.Linear(in_channels, num_experts)
        self.gate = nn.Sigmoid()
        self.conv = ExpertConv2d(in_channels, out_channels, kernel_size, stride, dilation, groups, bias, num_experts)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        return self.conv(x, self.gate(self.router(x.mean((2, 3)))))
