"""Convolutional blocks against the numbers of independent packages, and networks built of them."""

import pytest
import torch
from torch import nn

from blocks._shared.activations import make_activation
from blocks._shared.gates import make_gate_block
from blocks._shared.map_norms import make_map_norm
from blocks.conv.basic_block import BasicBlock
from blocks.conv.bottleneck import Bottleneck
from blocks.conv.coatnet_mbconv import CoAtNetMBConv
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.conv.convnext_block import ConvNeXtBlock
from blocks.conv.depthwise_separable_conv import DepthwiseSeparableConv
from blocks.conv.fused_mbconv import FusedMBConv
from blocks.conv.local_feed_forward import LocalFeedForward
from blocks.conv.mbconv import MBConv
from tests.blocks.probe import fill, probe_input
from tests.blocks.reference import parameter_count

RESNET50, RESNET18 = (3, 4, 6, 3), (2, 2, 2, 2)


def resnet_parameters(
    block: type[nn.Module], depths: tuple[int, ...], deep_stem: bool = False, **settings: object
) -> int:
    """Count the parameters of a ResNet of 1000 classes built of `block`."""
    count = (28640 if deep_stem else 9408) + 2 * 64
    channels = 64
    for stage, depth in enumerate(depths):
        out_channels = 64 * 2**stage * (4 if block is Bottleneck else 1)
        for index in range(depth):
            count += parameter_count(block(channels, out_channels, stride=2 if stage and not index else 1, **settings))
            channels = out_channels
    return count + 1000 * (channels + 1)


@pytest.mark.parametrize(
    ("block", "depths", "settings", "parameters"),
    [
        pytest.param(BasicBlock, RESNET18, {}, 11689512, id="timm resnet18"),
        pytest.param(BasicBlock, RESNET18, {"attention": "se"}, 11779624, id="timm seresnet18"),
        pytest.param(BasicBlock, RESNET18, {"attention": "eca"}, 11689548, id="timm resnet18 eca"),
        pytest.param(BasicBlock, RESNET18, {"attention": "cbam"}, 11777352, id="timm resnet18 cbam"),
        pytest.param(Bottleneck, RESNET50, {}, 25557032, id="timm resnet50"),
        pytest.param(Bottleneck, RESNET50, {"attention": "se"}, 28088024, id="timm seresnet50"),
        pytest.param(Bottleneck, RESNET50, {"middle": "selective_kernel"}, 25803160, id="timm skresnet50"),
        pytest.param(Bottleneck, RESNET50, {"groups": 32, "base_width": 4}, 25028904, id="timm resnext50_32x4d"),
        pytest.param(Bottleneck, RESNET50, {"base_width": 128}, 68883240, id="timm wide_resnet50_2"),
        pytest.param(
            Bottleneck,
            RESNET50,
            {"attention": "eca", "shortcut": "pool", "deep_stem": True},
            25576350,
            id="timm ecaresnet50d",
        ),
        pytest.param(
            Bottleneck,
            RESNET50,
            {"middle": "split_attention", "shortcut": "pool", "deep_stem": True},
            27483240,
            id="timm resnest50d",
        ),
    ],
)
def test_resnets_have_the_parameters_of_timm(block, depths, settings, parameters):
    with torch.device("meta"):
        assert resnet_parameters(block, depths, **settings) == parameters


def test_efficientnet_b0_has_the_parameters_of_timm():
    count, channels = 32 * 27 + 2 * 32, 32
    stages = (
        (1, 3, 1, 16, 1),
        (6, 3, 2, 24, 2),
        (6, 5, 2, 40, 2),
        (6, 3, 2, 80, 3),
        (6, 5, 1, 112, 3),
        (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    )
    with torch.device("meta"):
        for expand_ratio, kernel_size, stride, out_channels, depth in stages:
            for index in range(depth):
                count += parameter_count(
                    MBConv(channels, out_channels, kernel_size, 1 if index else stride, expand_ratio)
                )
                channels = out_channels
    assert count + 320 * 1280 + 2 * 1280 + 1281 * 1000 == 5288548


def test_convnext_tiny_has_the_parameters_of_timm():
    count = 96 * 48 + 96 + 2 * 96
    with torch.device("meta"):
        for width, depth in ((96, 3), (192, 3), (384, 9), (768, 3)):
            count += depth * parameter_count(ConvNeXtBlock(width))
            if width > 96:
                count += 2 * (width // 2) + width // 2 * 4 * width + width
    assert count + 2 * 768 + 769 * 1000 == 28589128


@pytest.mark.parametrize("stride_mode", ["1x1", "depthwise", "pool"])
def test_coatnet_block_shrinks_both_branches_alike_on_odd_sizes(stride_mode):
    block = CoAtNetMBConv(8, 16, 2, stride_mode=stride_mode)
    assert block(torch.zeros(2, 8, 7, 9)).shape == (2, 16, 4, 5)
    assert parameter_count(block) == parameter_count(CoAtNetMBConv(8, 16, 2))


def test_coatnet_block_is_a_pre_norm_residual():
    x = probe_input((2, 8, 6, 6))
    block = fill(CoAtNetMBConv(8, 16, 2))
    residual = block.project(block.se(block.depthwise(block.expand(block.pre_norm(x)))))
    pooled = (x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]) / 4
    torch.testing.assert_close(block(x), block.shortcut[1](pooled) + residual, rtol=0, atol=1e-9)
    assert block.expand[0].stride == (2, 2)


def test_fused_mbconv_without_expansion_is_one_convolution():
    block = FusedMBConv(24, 24, expand_ratio=1)
    assert parameter_count(block) == 24 * 24 * 9 + 2 * 24
    assert block.residual


def test_local_feed_forward_convolves_the_grid_and_passes_prefix_tokens():
    x = probe_input((2, 13, 8))
    block = fill(LocalFeedForward(8, 2, height=3, prefix_tokens=1))
    y = block(x)
    torch.testing.assert_close(y[:, :1], x[:, :1], rtol=0, atol=0)
    grid = x[:, 1:].transpose(1, 2).reshape(2, 8, 3, 4)
    torch.testing.assert_close(y[:, 1:], (grid + block.layers(grid)).flatten(2).transpose(1, 2), rtol=0, atol=1e-9)
    moved = x.clone()
    moved[:, 12] += 1
    touched = (block(moved) - y).abs().amax((0, 2)) > 0
    assert touched.nonzero().flatten().tolist() == [7, 8, 11, 12]


def test_drop_path_drops_whole_residuals_in_training():
    for block in (
        BasicBlock(8, 8, drop_path=0.5),
        Bottleneck(8, 8, drop_path=0.5),
        MBConv(8, 8, drop_path=0.5),
        FusedMBConv(8, 8, drop_path=0.5),
    ):
        assert block.drop_path.rate == 0.5


def test_layer_norm_of_a_map_normalises_each_position():
    x = probe_input((2, 8, 3, 4))
    y = make_map_norm("layer", 8).double()(x)
    torch.testing.assert_close(
        y[0, :, 1, 2], (x[0, :, 1, 2] - x[0, :, 1, 2].mean()) / (x[0, :, 1, 2].var(unbiased=False) + 1e-5).sqrt()
    )


def test_bad_parameters_are_named():
    for block in (
        ConvNormAct,
        DepthwiseSeparableConv,
        MBConv,
        FusedMBConv,
        ConvNeXtBlock,
        CoAtNetMBConv,
        LocalFeedForward,
    ):
        with pytest.raises(ValueError, match=r"kernel_size: 4 is not a positive odd number"):
            block(32, kernel_size=4)
    for block in (ConvNormAct, DepthwiseSeparableConv, MBConv, FusedMBConv, BasicBlock, CoAtNetMBConv):
        with pytest.raises(ValueError, match=r"out_channels: -7 is not positive"):
            block(32, -7)
    with pytest.raises(ValueError, match=r"groups: 0 is not positive"):
        Bottleneck(32, groups=0)
    with pytest.raises(ValueError, match=r"groups: 3 does not divide in_channels 32"):
        ConvNormAct(32, groups=3)
    with pytest.raises(ValueError, match=r"groups: 32 does not divide out_channels 48"):
        ConvNormAct(32, 48, groups=32)
    with pytest.raises(ValueError, match=r"out_channels: 30 is not a multiple of 4"):
        Bottleneck(32, 30)
    with pytest.raises(ValueError, match=r"base_width: 4 leaves no channel in the middle for out_channels 32"):
        Bottleneck(32, 32, base_width=4)
    with pytest.raises(ValueError, match=r"middle: 'halo' is not one of conv"):
        Bottleneck(32, middle="halo")
    with pytest.raises(ValueError, match=r"shortcut: 'none' is not one of conv, pool"):
        BasicBlock(32, shortcut="none")
    with pytest.raises(ValueError, match=r"stride_mode: '3x3' is not one of 1x1, depthwise, pool"):
        CoAtNetMBConv(32, stride_mode="3x3")
    with pytest.raises(ValueError, match=r"act: 'tanh' is not one of"):
        make_activation("tanh")
    with pytest.raises(ValueError, match=r"norm: 'instance' is not one of"):
        make_map_norm("instance", 8)
    with pytest.raises(ValueError, match=r"attention: 'bam' is not one of"):
        make_gate_block("bam", 8)
    with pytest.raises(ValueError, match=r"50 tokens are no square"):
        LocalFeedForward(32)(torch.zeros(1, 50, 32))
