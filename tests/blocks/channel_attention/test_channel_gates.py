"""Channel attention against the formulas of the papers and the numbers of independent packages."""

import pytest
import torch
from torch import Tensor

from blocks.channel_attention.bam_channel import BAMChannel
from blocks.channel_attention.cbam_channel import CBAMChannel
from blocks.channel_attention.eca import ECA
from blocks.channel_attention.effective_se import EffectiveSE
from blocks.channel_attention.gather_excite import GatherExcite
from blocks.channel_attention.se_var1 import SEVar1
from blocks.channel_attention.se_var2 import SEVar2
from blocks.channel_attention.squeeze_excite import SqueezeExcite
from tests.blocks.probe import fill, probe_input
from tests.blocks.reference import parameter_count


def channel_means(x: Tensor) -> Tensor:
    """Return the means (N, C) of `x` (N, C, H, W), summed position by position."""
    batch, channels, height, width = x.shape
    total = torch.zeros(batch, channels, dtype=x.dtype)
    for row in range(height):
        for column in range(width):
            total += x[:, :, row, column]
    return total / (height * width)


def gated(x: Tensor, gates: Tensor) -> Tensor:
    """Multiply channel c of `x` (N, C, H, W) by gates[:, c]."""
    return torch.stack([x[:, c] * gates[:, c, None, None] for c in range(x.shape[1])], dim=1)


@pytest.fixture
def x() -> Tensor:
    return probe_input((2, 32, 5, 6))


def test_squeeze_excite_is_two_layers_on_the_means(x):
    block = fill(SqueezeExcite(32, reduction=4))
    w1, b1, w2, b2 = (p.flatten(1) if p.ndim > 1 else p for p in block.parameters())
    gates = torch.sigmoid(torch.relu(channel_means(x) @ w1.T + b1) @ w2.T + b2)
    torch.testing.assert_close(block(x), gated(x, gates), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("channels", "kernel_size"), [(16, 3), (32, 3), (64, 3), (128, 5), (256, 5), (512, 5), (1024, 5), (2048, 7)]
)
def test_eca_derives_its_kernel_size_from_the_channels(channels, kernel_size):
    assert ECA(channels).conv.kernel_size == (kernel_size,)


def test_eca_gates_depend_on_the_neighbouring_channels(x):
    block = fill(ECA(32, kernel_size=5))
    weight, means = block.conv.weight.flatten(), channel_means(x)
    gates = torch.zeros_like(means)
    for c in range(32):
        for offset in range(-2, 3):
            if 0 <= c + offset < 32:
                gates[:, c] += weight[offset + 2] * means[:, c + offset]
    torch.testing.assert_close(block(x), gated(x, gates.sigmoid()), rtol=0, atol=1e-9)


def test_se_variants_are_the_formulas_of_the_eca_paper(x):
    means = channel_means(x)
    torch.testing.assert_close(SEVar1()(x), gated(x, means.sigmoid()), rtol=0, atol=1e-9)
    second = fill(SEVar2(32))
    torch.testing.assert_close(second(x), gated(x, (second.weight * means).sigmoid()), rtol=0, atol=1e-9)
    third = fill(EffectiveSE(32))
    logits = means @ third.linear.weight.flatten(1).T + third.linear.bias
    torch.testing.assert_close(third(x), gated(x, logits.sigmoid()), rtol=0, atol=1e-9)
    assert parameter_count(SEVar1()) == 0
    assert parameter_count(second) == 32
    assert parameter_count(EffectiveSE(64)) == 4160
    assert parameter_count(EffectiveSE(64, bias=False)) == 64**2


def test_cbam_channel_adds_the_mlp_of_mean_and_maximum(x):
    block = fill(CBAMChannel(32, reduction=4, bias=True))
    w1, b1, w2, b2 = (p.flatten(1) if p.ndim > 1 else p for p in block.parameters())
    logits = [torch.relu(z @ w1.T + b1) @ w2.T + b2 for z in (channel_means(x), x.flatten(2).max(2).values)]
    torch.testing.assert_close(block(x), gated(x, sum(logits).sigmoid()), rtol=0, atol=1e-9)


def test_bam_channel_gives_logits(x):
    block = fill(BAMChannel(32, reduction=4))
    w1, b1, scale, shift, w2, b2 = (p.flatten(1) if p.ndim > 1 else p for p in block.parameters())
    hidden = (channel_means(x) @ w1.T + b1) / (1 + 1e-5) ** 0.5 * scale + shift
    torch.testing.assert_close(block(x).flatten(1), torch.relu(hidden) @ w2.T + b2, rtol=0, atol=1e-9)


@pytest.mark.parametrize("extent", [2, 4, 8])
def test_gather_excite_pools_over_the_extent(extent):
    x = probe_input((1, 3, 9, 16))
    height, width = x.shape[2:]
    expected = torch.empty_like(x)
    rows, columns = -(-height // extent), -(-width // extent)
    for row in range(height):
        for column in range(width):
            # Nearest-neighbour upsampling of the grid of pools, then the pool clipped to the map.
            top, left = row * rows // height * extent, column * columns // width * extent
            window = x[:, :, max(0, top - extent + 1) : top + extent, max(0, left - extent + 1) : left + extent]
            expected[:, :, row, column] = x[:, :, row, column] * window.mean((2, 3)).sigmoid()
    torch.testing.assert_close(GatherExcite(3, height, width, "theta-minus", extent)(x), expected, rtol=0, atol=1e-9)


def test_gather_excite_with_global_extent_is_one_kernel_of_the_size_of_the_map(x):
    block = fill(GatherExcite(32, 5, 6, "theta-plus", reduction=4))
    kernel, norm = block.gather
    context = torch.einsum("nchw,chw->nc", x, kernel.weight.squeeze(1)) / (1 + 1e-5) ** 0.5 * norm.weight + norm.bias
    w1, b1, w2, b2 = (p.flatten(1) if p.ndim > 1 else p for p in block.excite.parameters())
    gates = torch.sigmoid(torch.relu(context @ w1.T + b1) @ w2.T + b2)
    torch.testing.assert_close(block(x), gated(x, gates), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("mode", "extent", "parameters"),
    [("theta", 0, 12672), ("theta", 2, 704), ("theta", 4, 1408), ("theta", 8, 2112), ("theta-plus", 0, 13252)],
)
def test_gather_excite_has_the_published_parameters(mode, extent, parameters):
    assert parameter_count(GatherExcite(64, 14, 14, mode, extent)) == parameters


def test_bad_parameters_are_named():
    with pytest.raises(ValueError, match=r"hidden_channels: 0 is not positive"):
        SqueezeExcite(64, hidden_channels=0)
    with pytest.raises(ValueError, match=r"kernel_size: 4 is not a positive odd number"):
        ECA(64, kernel_size=4)
    with pytest.raises(ValueError, match=r"gate: 'tanh' is not one of sigmoid, hard_sigmoid"):
        EffectiveSE(64, gate="tanh")
    with pytest.raises(ValueError, match=r"mode: 'theta-null' is not one of"):
        GatherExcite(64, 8, 8, "theta-null")
    with pytest.raises(ValueError, match=r"extent: 3 is not one of"):
        GatherExcite(64, 8, 8, extent=3)
    with pytest.raises(ValueError, match=r"map \(7, 8\) does not have the size \(8, 8\) of the gathering kernel"):
        GatherExcite(64, 8, 8)(torch.zeros(1, 64, 7, 8))
