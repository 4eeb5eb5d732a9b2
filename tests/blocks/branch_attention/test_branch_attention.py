"""Branch attention against the formulas of the papers and the numbers of independent packages."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks._shared.expert_conv import ExpertConv2d
from blocks.branch_attention.cond_conv2d import CondConv2d
from blocks.branch_attention.dynamic_conv2d import DynamicConv2d
from blocks.branch_attention.selective_kernel import SelectiveKernel
from blocks.branch_attention.split_attention import SplitAttention
from tests.blocks.probe import fill, probe_input, statistics
from tests.blocks.reference import assert_probe, parameter_count


def without_router_biases(block: nn.Module) -> nn.Module:
    """Take the biases from the router of `block`, as in fightingcv-attention."""
    for layer in block.router.modules():
        if isinstance(layer, nn.Linear):
            layer.bias = None
    return block


@pytest.mark.parametrize(
    ("build", "order", "parameters", "expected"),
    [
        pytest.param(
            lambda: CondConv2d(32, 64, bias=False, num_experts=4),
            ("conv.weight", "router.weight"),
            73856,
            {"mean": -1.864173263e-06, "std": 0.001667457577, "last": [1.640830751e-05, -0.0004600208972]},
            id="CondConv",
        ),
        pytest.param(
            lambda: DynamicConv2d(32, 64, bias=False),
            ("conv.weight", "router.0.weight", "router.2.weight"),
            74016,
            {"mean": -9.068720197e-07, "std": 0.0008321394836, "last": [-9.145936111e-06, -0.0002416988497]},
            id="DynamicConv",
        ),
    ],
)
def test_expert_convolutions_agree_with_fightingcv_attention(build, order, parameters, expected):
    block = without_router_biases(build())
    assert parameter_count(block) == parameters
    assert_probe(block, [(2, 32, 14, 14)], expected, order)


def test_expert_convolution_agrees_with_timm():
    block = fill(ExpertConv2d(16, 32, 3, 1, 1, 1, True, 8))
    assert parameter_count(block) == 37120
    routing = 0.5 + 0.5 * probe_input((2, 8), 1)
    measured = statistics(block(probe_input((2, 16, 14, 14)), routing))
    expected = {"mean": 0.0007207127401, "std": 0.1123928744, "last": [-0.1701894877, -0.1698394383]}
    assert {name: measured[name] for name in expected} == {
        name: pytest.approx(value, abs=1e-9) for name, value in expected.items()
    }


def mixed_sample_by_sample(block: nn.Module, x: Tensor, gates: Tensor) -> Tensor:
    """Convolve each sample of `x` with its own sum of experts, as the papers write it."""
    conv = block.conv
    samples = []
    for sample, weights in zip(x, gates, strict=True):
        weight = sum(a * w for a, w in zip(weights, conv.weight.view(-1, *conv.kernel_shape), strict=True))
        bias = sum(a * b for a, b in zip(weights, conv.bias, strict=True))
        side = weight.shape[-1] // 2 * conv.dilation
        samples.append(F.conv2d(sample[None], weight, bias, conv.stride, side, conv.dilation, conv.groups))
    return torch.cat(samples)


@pytest.mark.parametrize("settings", [{}, {"stride": 2}, {"groups": 4, "kernel_size": 5}, {"dilation": 2, "groups": 2}])
def test_cond_conv_mixes_experts_by_sigmoid_gates(settings):
    x = probe_input((3, 8, 7, 6))
    block = fill(CondConv2d(8, 12, num_experts=3, **settings))
    gates = torch.sigmoid(x.mean((2, 3)) @ block.router.weight.T + block.router.bias)
    torch.testing.assert_close(block(x), mixed_sample_by_sample(block, x, gates), rtol=0, atol=1e-9)


@pytest.mark.parametrize("settings", [{}, {"stride": 2}, {"groups": 4, "temperature": 1.0}])
def test_dynamic_conv_mixes_experts_by_a_tempered_softmax(settings):
    x = probe_input((3, 8, 7, 6))
    block = fill(DynamicConv2d(8, 12, num_experts=3, **settings))
    first, last = block.router[0], block.router[2]
    logits = torch.relu(x.mean((2, 3)) @ first.weight.T + first.bias) @ last.weight.T + last.bias
    powers = torch.exp(logits / settings.get("temperature", 30.0))
    gates = powers / powers.sum(1, keepdim=True)
    torch.testing.assert_close(block(x), mixed_sample_by_sample(block, x, gates), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "settings", [{}, {"branches": 3, "stride": 2, "dilated": False}, {"groups": 4, "split_input": True}]
)
def test_selective_kernel_is_split_fuse_select(settings):
    x = probe_input((2, 16, 7, 6))
    block = fill(SelectiveKernel(16, 12, **settings))
    branches = settings.get("branches", 2)
    share = 16 // branches
    parts = [x[:, m * share : (m + 1) * share] if settings.get("split_input") else x for m in range(branches)]
    maps = [path(part) for path, part in zip(block.paths, parts, strict=True)]
    z = block.fuse(sum(maps).mean((2, 3), keepdim=True)).flatten(1)
    powers = [torch.exp(z @ block.select.weight[12 * m : 12 * (m + 1)].flatten(1).T) for m in range(branches)]
    expected = sum(u * (power / sum(powers))[:, :, None, None] for u, power in zip(maps, powers, strict=True))
    torch.testing.assert_close(block(x), expected, rtol=0, atol=1e-9)
    assert [path.conv.kernel_size[0] for path in block.paths] == (
        [3] * branches if settings.get("dilated", True) else [3, 5, 7]
    )


@pytest.mark.parametrize(("radix", "cardinality"), [(1, 1), (2, 1), (3, 1), (2, 2), (2, 4), (1, 2)])
def test_split_attention_treats_every_cardinal_group_separately(radix, cardinality):
    channels = 4 * radix * cardinality
    x = probe_input((2, channels, 5, 6))
    block = fill(SplitAttention(channels, 8 * cardinality, radix=radix, cardinality=cardinality))
    splits = [block.conv(x)[:, 8 * cardinality * r : 8 * cardinality * (r + 1)] for r in range(radix)]
    logits = block.expand(block.reduce(sum(splits).mean((2, 3), keepdim=True)))
    expected = torch.zeros_like(splits[0])
    for k in range(cardinality):
        for c in range(8):
            at = [(k * radix + r) * 8 + c for r in range(radix)]
            powers = logits[:, at].exp()
            weights = powers / powers.sum(1, keepdim=True) if radix > 1 else logits[:, at].sigmoid()
            for r in range(radix):
                expected[:, 8 * k + c] += weights[:, r] * splits[r][:, 8 * k + c]
    torch.testing.assert_close(block(x), expected, rtol=0, atol=1e-9)


def test_published_parameter_counts():
    assert parameter_count(CondConv2d(64, 128, groups=2)) == 296456
    assert parameter_count(DynamicConv2d(64, 128, num_experts=8)) == 592024


def test_bad_parameters_are_named():
    with pytest.raises(ValueError, match=r"branches: 3 does not divide in_channels 64"):
        SelectiveKernel(64, branches=3, split_input=True)
    with pytest.raises(ValueError, match=r"groups: 5 does not divide in_channels 64"):
        SelectiveKernel(64, groups=5)
    with pytest.raises(ValueError, match=r"radix \* cardinality: 6 does not divide in_channels 64"):
        SplitAttention(64, radix=2, cardinality=3)
    with pytest.raises(ValueError, match=r"cardinality: 4 does not divide out_channels 66"):
        SplitAttention(64, 66, cardinality=4)
    with pytest.raises(ValueError, match=r"kernel_size: 2 is not a positive odd number"):
        SplitAttention(64, kernel_size=2)
    for block in (CondConv2d, DynamicConv2d, SelectiveKernel, SplitAttention):
        with pytest.raises(ValueError, match=r"out_channels: -7 is not positive"):
            block(64, -7)
    for block in (CondConv2d, DynamicConv2d):
        with pytest.raises(ValueError, match=r"kernel_size: 4 is not a positive odd number"):
            block(64, kernel_size=4)
        with pytest.raises(ValueError, match=r"groups: 3 does not divide in_channels 64"):
            block(64, groups=3)
        with pytest.raises(ValueError, match=r"num_experts: 0 is not positive"):
            block(64, num_experts=0)
    with pytest.raises(ValueError, match=r"temperature: 0 is not positive"):
        DynamicConv2d(64, temperature=0)
