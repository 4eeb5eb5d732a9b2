"""SE-Var1: each channel is gated by the sigmoid of its own mean, without parameters.

Wang et al., "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks", CVPR 2020, arXiv:1910.03151
(table 2). The same as Gather-Excite theta-minus with global extent.
"""

from torch import Tensor, nn

from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper=(
        "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks, Wang et al., 2020, "
        "arXiv:1910.03151"
    ),
    maps={"gate": "channel"},
    tags=("se variant", "parameter-free", "gating"),
)
class SEVar1(nn.Module):
    """Gate every channel by the sigmoid of its mean.

    Shape: input (N, C, H, W), output (N, C, H, W).
    """

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Gate `x` (N, C, H, W); returns the same shape."""
        return x * self.gate(x.mean((2, 3), keepdim=True))
