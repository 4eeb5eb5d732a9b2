"""A convolution with a kernel per sample: a mixture of the kernels of several experts."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.channels import check_groups, check_odd


class ExpertConv2d(nn.Module):
    """Convolve each sample with its own mixture of the experts' kernels and biases."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int,
        dilation: int,
        groups: int,
        bias: bool,
        num_experts: int,
    ) -> None:
        super().__init__()
        check_odd("kernel_size", kernel_size)
        check_groups(groups, in_channels=in_channels, out_channels=out_channels)
        self.stride, self.dilation, self.groups = stride, dilation, groups
        self.kernel_shape = (out_channels, in_channels // groups, kernel_size, kernel_size)
        # One flat row per expert, as in timm: a module with a five-axis parameter cannot be converted to channels_last.
        self.weight = nn.Parameter(torch.empty(num_experts, math.prod(self.kernel_shape)))
        self.bias = nn.Parameter(torch.empty(num_experts, out_channels)) if bias else None
        # The initialisation of nn.Conv2d.
        bound = 1 / math.sqrt(math.prod(self.kernel_shape[1:]))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor, routing: Tensor) -> Tensor:
        """Convolve `x` (N, in_channels, H, W) with experts weighted by `routing` (N, experts); returns (N,
        out_channels, H', W').
        """
        batch, channels, height, width = x.shape
        out_channels, *kernel = self.kernel_shape
        weight = (routing @ self.weight).view(batch * out_channels, *kernel)
        bias = None if self.bias is None else (routing @ self.bias).flatten()
        # One grouped convolution: the samples become groups, because a convolution has one kernel for its whole batch.
        folded = x.reshape(1, batch * channels, height, width)
        padding = kernel[-1] // 2 * self.dilation
        y = F.conv2d(folded, weight.to(folded.dtype), bias, self.stride, padding, self.dilation, batch * self.groups)
        return y.reshape(batch, out_channels, *y.shape[2:])
