"""Spatial attention against the formulas of the papers and the numbers of independent packages."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from blocks.spatial_attention.bam_spatial import BAMSpatial
from blocks.spatial_attention.cbam_spatial import CBAMSpatial
from tests.blocks.probe import fill, probe_input
from tests.blocks.reference import parameter_count


def slow_conv(x: Tensor, weight: Tensor, bias: Tensor, dilation: int = 1) -> Tensor:
    """Convolve `x` (N, C, H, W) tap by tap with zeros around it, keeping the size."""
    height, width = x.shape[2:]
    side = weight.shape[-1]
    reach = side // 2 * dilation
    padded = F.pad(x, (reach, reach, reach, reach))
    y = bias[:, None, None].expand(len(x), -1, height, width).clone()
    for row in range(side):
        for column in range(side):
            part = padded[:, :, row * dilation : row * dilation + height, column * dilation : column * dilation + width]
            y += torch.einsum("nchw,oc->nohw", part, weight[:, :, row, column])
    return y


def test_cbam_spatial_convolves_the_channel_mean_and_maximum():
    x = probe_input((2, 8, 6, 7))
    block = fill(CBAMSpatial(5, batch_norm=False))
    pooled = torch.stack([x.sum(1) / 8, x.max(1).values], dim=1)
    gates = slow_conv(pooled, block.conv.weight, block.conv.bias).sigmoid()
    torch.testing.assert_close(block(x), x * gates, rtol=0, atol=1e-9)
    assert parameter_count(CBAMSpatial(7, batch_norm=False)) == 99


def test_bam_spatial_gives_logits_from_dilated_convolutions():
    x = probe_input((2, 32, 9, 7))
    block = fill(BAMSpatial(32, reduction=4, dilation=3))
    y = x
    layers = list(block.layers)
    for conv, norm in zip(layers[0:9:3], layers[1:9:3], strict=True):
        y = slow_conv(y, conv.weight, conv.bias, conv.dilation[0]) / (1 + 1e-5) ** 0.5
        y = torch.relu(y * norm.weight[:, None, None] + norm.bias[:, None, None])
    torch.testing.assert_close(block(x), slow_conv(y, layers[9].weight, layers[9].bias), rtol=0, atol=1e-9)
    assert block.layers[3].dilation == (3, 3)


def test_bad_parameters_are_named():
    with pytest.raises(ValueError, match=r"kernel_size: 6 is not a positive odd number"):
        CBAMSpatial(6)
