"""Efficient Channel Attention: each gate depends on the means of the k neighbouring channels.

Wang, Wu, Zhu, Li, Zuo, Hu, "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks", CVPR 2020,
arXiv:1910.03151. As in the authors' code the kernel size is truncated to an integer, then raised to the next odd
number, at least 3.
"""

import math
from typing import Annotated

from torch import Tensor, nn

from blocks._shared.channels import check_odd
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper=(
        "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks, Wang et al., 2020, "
        "arXiv:1910.03151"
    ),
    maps={"gate": "channel"},
    tags=("efficient channel attention", "gating"),
    aliases={"channels": "c"},
)
class ECA(nn.Module):
    """Reweight every channel by a gate from a 1-d convolution over the channel means.

    Args:
        channels: number of input channels C.
        gamma: divisor of log2 C in the rule k = |log2(C) / gamma + beta / gamma| made odd.
        beta: summand of log2 C in that rule.
        kernel_size: number of channels that one gate depends on, odd; empty: the rule.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if kernel_size is even.
    """

    def __init__(
        self,
        channels: int,
        gamma: Annotated[float, (0.5, 16)] = 2.0,
        beta: Annotated[float, (-8, 8)] = 1.0,
        kernel_size: int | None = None,
    ) -> None:
        super().__init__()
        if kernel_size is None:
            kernel_size = max(3, int(abs((math.log2(channels) + beta) / gamma)) | 1)
        check_odd("kernel_size", kernel_size)
        self.conv = nn.Conv1d(1, 1, kernel_size, padding=kernel_size // 2, bias=False)
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Gate `x` (N, C, H, W); returns the same shape."""
        logits = self.conv(x.mean((2, 3)).unsqueeze(1))
        return x * self.gate(logits.transpose(1, 2).unsqueeze(-1))
