"""Dynamic convolution: a softmax with a temperature mixes the kernels of several experts for each sample.

Chen, Dai, Liu, Chen, Yuan, Liu, "Dynamic Convolution: Attention over Convolution Kernels", CVPR 2020, arXiv:1912.03458.
The paper lowers the temperature from 30 to 1 over the first ten epochs; here it is the attribute `temperature`,
constant unless changed.
"""

from typing import Annotated

from torch import Tensor, nn

from blocks._shared.choices import check_positive
from blocks._shared.expert_conv import ExpertConv2d
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    paper="Dynamic Convolution: Attention over Convolution Kernels, Chen et al., 2020, arXiv:1912.03458",
    maps={"gate": "branch"},
    tags=("dynamic convolution", "dy-cnn", "experts", "mixture", "temperature"),
    aliases={"in_channels": "c"},
    no_decay=("conv.bias",),
)
class DynamicConv2d(nn.Module):
    """Convolve each sample with a weighted mean of expert kernels, the weights a softmax over the experts.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        kernel_size: side of the kernels, odd.
        stride: stride of the convolution.
        dilation: distance between the taps of the kernels.
        groups: number of channel groups that are convolved separately.
        bias: whether each expert has a bias.
        num_experts: number of expert kernels.
        reduction: ratio of in_channels to the hidden width of the router.
        temperature: divisor of the logits; high values make the experts' weights more uniform.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if kernel_size is even, groups does not divide both channel counts, or out_channels, num_experts or
            temperature is not positive.
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
        num_experts: Annotated[int, (1, 64)] = 4,
        reduction: Annotated[int, (1, 64)] = 4,
        temperature: Annotated[float, (0.1, 100)] = 30.0,
    ) -> None:
        super().__init__()
        check_positive(out_channels=out_channels, num_experts=num_experts)
        if temperature <= 0:
            raise ValueError(f"temperature: {temperature} is not positive")
        hidden = max(1, in_channels // reduction)
        self.temperature = temperature
        self.router = nn.Sequential(nn.Linear(in_channels, hidden), nn.ReLU(), nn.Linear(hidden, num_experts))
        self.gate = nn.Softmax(dim=1)
        self.conv = ExpertConv2d(in_channels, out_channels, kernel_size, stride, dilation, groups, bias, num_experts)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        return self.conv(x, self.gate(self.router(x.mean((2, 3))) / self.temperature))
