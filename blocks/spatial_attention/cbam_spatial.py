"""The spatial half of CBAM: a gate per position from the mean and the maximum over the channels.

Woo, Park, Lee, Kweon, "CBAM: Convolutional Block Attention Module", ECCV 2018, arXiv:1807.06521.
batch_norm=True is the authors' code and timm 1.0.31; False is the paper's formula: one convolution with a bias.
"""

import torch
from torch import Tensor, nn

from blocks._shared.channels import check_odd
from blocks.spec import block


@block(
    shape="b c h w -> b c h w",
    paper="CBAM: Convolutional Block Attention Module, Woo et al., 2018, arXiv:1807.06521",
    maps={"gate": "spatial"},
    tags=("cbam", "gating"),
)
class CBAMSpatial(nn.Module):
    """Reweight every position by a gate from a large convolution over the channel mean and maximum.

    Args:
        kernel_size: side of the kernel, odd.
        batch_norm: whether a batch norm replaces the bias of the convolution.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if kernel_size is even.
    """

    def __init__(self, kernel_size: int = 7, batch_norm: bool = True) -> None:
        super().__init__()
        check_odd("kernel_size", kernel_size)
        self.conv = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=not batch_norm)
        self.norm = nn.BatchNorm2d(1) if batch_norm else nn.Identity()
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Gate `x` (N, C, H, W); returns the same shape."""
        pooled = torch.cat((x.mean(1, keepdim=True), x.amax(1, keepdim=True)), dim=1)
        return x * self.gate(self.norm(self.conv(pooled)))
