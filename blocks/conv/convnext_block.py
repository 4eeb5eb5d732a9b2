"""ConvNeXt block: a 7x7 depthwise convolution, a layer norm and an MLP, scaled and added to the input.

Liu et al., "A ConvNet for the 2020s", CVPR 2022, arXiv:2201.03545; global_response_norm=True with layer_scale=0 is
ConvNeXt V2 (Woo et al., CVPR 2023, arXiv:2301.00808).
"""

from typing import Annotated

import torch
from torch import Tensor, nn

from blocks._shared.channels import check_odd
from blocks.spec import block
from blocks.transformer.drop_path import DropPath
from blocks.transformer.layer_scale import LayerScale


class ResponseNorm(nn.Module):
    """Global response normalisation of a map (N, H, W, C): channels compete by their norms over the map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` (N, H, W, C); returns the same shape."""
        norm = torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True)
        return x + self.bias + self.weight * x * (norm / (norm.mean(-1, keepdim=True) + 1e-6))


@block(
    shape="b c h w -> b c h w",
    paper="A ConvNet for the 2020s, Liu et al., 2022, arXiv:2201.03545",
    tags=("convnext", "convnextv2", "depthwise", "grn"),
    aliases={"channels": "c"},
    rates=("drop_path",),
    no_decay=("response_norm.weight",),
)
class ConvNeXtBlock(nn.Module):
    """Convolve each channel with a large kernel, mix the channels by an MLP, add the input.

    Args:
        channels: number of input channels C.
        kernel_size: side of the depthwise kernel, odd.
        mlp_ratio: ratio of the hidden width of the MLP to C.
        layer_scale: initial scale of the residual branch, one for each channel; 0 omits the scale.
        global_response_norm: whether the MLP has the global response normalisation of ConvNeXt V2.
        drop_path: probability of dropping the residual branch of a sample in training.
        norm_eps: term under the root of the layer norm.

    Shape: input (N, C, H, W), output (N, C, H, W).

    Raises:
        ValueError: if kernel_size is even.
    """

    def __init__(
        self,
        channels: int,
        kernel_size: int = 7,
        mlp_ratio: Annotated[float, (0.25, 16)] = 4.0,
        layer_scale: Annotated[float, (0, 1)] = 1e-6,
        global_response_norm: bool = False,
        drop_path: Annotated[float, (0, 1)] = 0.0,
        norm_eps: Annotated[float, (0.0, 1.0)] = 1e-6,
    ) -> None:
        super().__init__()
        check_odd("kernel_size", kernel_size)
        hidden = int(channels * mlp_ratio)
        self.depthwise = nn.Conv2d(channels, channels, kernel_size, padding=kernel_size // 2, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=norm_eps)
        self.fc1 = nn.Linear(channels, hidden)
        self.act = nn.GELU()
        self.response_norm = ResponseNorm(hidden) if global_response_norm else nn.Identity()
        self.fc2 = nn.Linear(hidden, channels)
        self.scale = LayerScale(channels, layer_scale) if layer_scale else nn.Identity()
        self.drop_path = DropPath(drop_path)
        for layer in (self.depthwise, self.fc1, self.fc2):
            nn.init.trunc_normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Transform `x` (N, C, H, W); returns the same shape."""
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.scale(self.fc2(self.response_norm(self.act(self.fc1(y)))))
        return x + self.drop_path(y.permute(0, 3, 1, 2))
