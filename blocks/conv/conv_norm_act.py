"""Convolution, normalisation, activation: the building block of convolutional networks."""

from typing import Annotated, Literal

from torch import Tensor, nn

from blocks._shared.activations import make_activation
from blocks._shared.channels import check_groups, check_odd, init_convolutions
from blocks._shared.choices import check_positive, per_axis
from blocks._shared.map_norms import make_map_norm
from blocks.spec import block


@block(
    shape="b c h w -> b out_channels (h-1)//stride+1 (w-1)//stride+1",
    tags=("conv", "convolution", "batch norm", "conv bn relu"),
    aliases={"in_channels": "c"},
    role="project_channels",
)
class ConvNormAct(nn.Module):
    """Convolve, normalise and activate; padding keeps the size at stride 1.

    Args:
        in_channels: number of input channels.
        out_channels: number of output channels.
        kernel_size: side of the kernel, odd, or its height and width.
        stride: step of the kernel.
        dilation: distance between the taps of the kernel.
        groups: number of channel groups that are convolved separately.
        bias: whether the convolution has a bias (redundant before a batch norm).
        norm: normalisation after the convolution.
        act: activation after the normalisation.
        norm_eps: term under the root of the normalisation.

    Shape: input (N, C, H, W), output (N, out_channels, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if out_channels is not positive, kernel_size is even or groups does not divide both channel counts.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 64,
        kernel_size: int | tuple[int, int] = 3,
        stride: Annotated[int, (1, 8)] = 1,
        dilation: Annotated[int, (1, 32)] = 1,
        groups: int = 1,
        bias: bool = False,
        norm: Literal["batch", "layer", "group", "none"] = "batch",
        act: Literal["relu", "relu6", "leaky_relu", "gelu", "silu", "hardswish", "none"] = "relu",
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-5,
    ) -> None:
        super().__init__()
        check_positive(out_channels=out_channels)
        sides = per_axis(kernel_size, 2)
        for side in sides:
            check_odd("kernel_size", side)
        check_groups(groups, in_channels=in_channels, out_channels=out_channels)
        padding = (sides[0] // 2 * dilation, sides[1] // 2 * dilation)
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)
        self.norm = make_map_norm(norm, out_channels, norm_eps)
        self.act = make_activation(act)
        init_convolutions(self)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve `x` (N, C, H, W); returns (N, out_channels, ceil(H / stride), ceil(W / stride))."""
        return self.act(self.norm(self.conv(x)))
