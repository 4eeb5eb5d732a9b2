"""Positions against literal formulas and the numbers of timm and vit-pytorch."""

import math

import pytest
import torch

from blocks.position.dynamic_position_bias import DynamicPositionBias
from blocks.position.learned_position import LearnedPosition
from blocks.position.peg import PEG
from blocks.position.relative_position_bias import RelativePositionBias
from blocks.position.rotary_position import RotaryPosition
from blocks.position.sin_cos2d_position import SinCos2dPosition
from blocks.position.sinusoidal_position import SinusoidalPosition
from tests.blocks.probe import fill, probe_input, statistics
from tests.blocks.reference import assert_probe, parameter_count


def test_sinusoidal_follows_the_formula():
    out = SinusoidalPosition(7, 6)(torch.zeros(1, 5, 6))[0]
    for p in range(5):
        for i in range(3):
            angle = p / 10000 ** (2 * i / 6)
            assert out[p, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert out[p, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_sin_cos_2d_follows_the_formula():
    out = SinCos2dPosition(7, 8, height=2, prefix_tokens=1)(torch.zeros(1, 7, 8))[0]
    assert torch.equal(out[0], torch.zeros(8))
    for row in range(2):
        for column in range(3):
            rates = [1.0, 1 / 10000]
            expected = [f(place * rate) for place in (column, row) for f in (math.sin, math.cos) for rate in rates]
            assert out[1 + row * 3 + column].tolist() == pytest.approx(expected, abs=1e-6)


def test_learned_position_adds_its_vectors():
    block = LearnedPosition(5, 8)
    x = torch.randn(2, 5, 8)
    assert torch.equal(block(x), x + block.position)


def test_rotary_rotates_pairs():
    block = RotaryPosition(6, 8, num_heads=2)
    x = torch.randn(1, 6, 8).double()
    out = block(x)
    for p in range(6):
        for head in range(2):
            for i in range(2):
                angle = p / 10000 ** (2 * i / 4)
                a, b = x[0, p, 4 * head + 2 * i].item(), x[0, p, 4 * head + 2 * i + 1].item()
                measured = out[0, p, 4 * head + 2 * i : 4 * head + 2 * i + 2].tolist()
                turned = [a * math.cos(angle) - b * math.sin(angle), a * math.sin(angle) + b * math.cos(angle)]
                assert measured == pytest.approx(turned, abs=1e-6)


@pytest.mark.parametrize("axes", ["1d", "2d"])
def test_rotary_products_depend_on_the_distance_only(axes):
    block = RotaryPosition(17, 8, axes=axes, prefix_tokens=1)
    q, k = (torch.randn(8).expand(1, 17, 8) for _ in range(2))
    products = (block(q)[0, 1:] @ block(k)[0, 1:].T).view(4, 4, 4, 4)
    assert torch.allclose(products[1, 1, 2, 3], products[2, 0, 3, 2], atol=1e-5)
    assert torch.equal(block(q)[0, 0], q[0, 0])
    if axes == "2d":
        assert not torch.allclose(products[0, 0, 0, 1], products[0, 0, 1, 0], atol=1e-4)


def test_peg_matches_vit_pytorch_1_26_11():
    expected = {"mean": 0.5027796568, "std": 0.8311215366, "mean_abs": 0.799534665, "last": [1.100570402, 0.8021132225]}
    assert parameter_count(PEG(64)) == 640
    assert_probe(PEG(64), [(1, 64, 14, 14)], expected)


@pytest.mark.parametrize(
    ("side", "heads", "parameters", "mean", "last"),
    [
        (7, 4, 676, 0.0002427566131, [1.083223027, 0.2752985457]),
        (14, 3, 2187, -0.001174787704, [-0.114809308, -0.889129208]),
    ],
)
def test_relative_bias_matches_timm_1_0_31(side, heads, parameters, mean, last):
    n = side * side
    block = RelativePositionBias(n, heads)
    assert parameter_count(block) == parameters
    measured = statistics(fill(block)(torch.zeros(1, n, 4).double()) + probe_input((1, heads, n, n)))
    assert measured["mean"] == pytest.approx(mean, abs=1e-9)
    assert measured["last"] == pytest.approx(last, abs=1e-8)


def test_dynamic_bias_matches_vit_pytorch_1_26_11():
    block = DynamicPositionBias(49, num_heads=1, hidden_dim=16)
    assert parameter_count(block) == 705
    measured = statistics(fill(block).mlp(probe_input((169, 2))))
    assert measured["mean"] == pytest.approx(-0.03773468369, abs=1e-9)
    assert measured["last"] == pytest.approx([-0.1947233501, -0.1750476627], abs=1e-8)


@pytest.mark.parametrize(
    "block",
    [RelativePositionBias(7, 2, height=2, prefix_tokens=1), DynamicPositionBias(7, 2, height=2, prefix_tokens=1)],
)
def test_bias_depends_on_the_offset_and_is_zero_for_the_prefix(block):
    bias = block(torch.zeros(3, 7, 4))
    assert bias.shape == (3, 2, 7, 7)
    assert not bias[:, :, 0].any()
    assert not bias[:, :, :, 0].any()
    grid = bias[0, :, 1:, 1:].view(2, 2, 3, 2, 3)
    assert torch.equal(grid[:, 0, 1, 1, 2], grid[:, 0, 0, 1, 1])
    assert not torch.equal(grid[:, 0, 0, 0, 1], grid[:, 0, 1, 0, 0])


TOKENS = torch.zeros(1, 6, 8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LearnedPosition(5, 8)(TOKENS), "x: 6 tokens, but positions for 5 are learned"),
        (lambda: SinusoidalPosition(5, 7), "dim: 7 is odd"),
        (lambda: SinusoidalPosition(5, 8, base=1), "base: 1 is not above 1"),
        (lambda: SinusoidalPosition(5, 8)(TOKENS), "positions reach only to 5"),
        (lambda: SinCos2dPosition(6, 6), "dim: 6 is not a multiple of 4"),
        (lambda: SinCos2dPosition(6, 8), "6 tokens are no square"),
        (lambda: SinCos2dPosition(4, 8)(TOKENS), "x: 6 tokens, but there are 4 positions"),
        (lambda: RotaryPosition(6, 8, axes="3d"), "axes: '3d' is not one of 1d, 2d"),
        (lambda: RotaryPosition(6, 8, num_heads=3), "num_heads: 3 does not divide dim 8"),
        (lambda: RotaryPosition(4, 8, num_heads=4, axes="2d"), "gives heads of 2 features, expected a multiple of 4"),
        (lambda: RotaryPosition(6, 8, prefix_tokens=6), "prefix_tokens: 6 is not from 0 to below 6"),
        (lambda: RotaryPosition(5, 8)(TOKENS), "x: 6 tokens, but there are 5 positions"),
        (lambda: RotaryPosition(9, 8, axes="2d")(TOKENS), "x: 6 tokens, but there are 9 positions"),
        (lambda: PEG(8, 4), "kernel_size: 4 is not a positive odd number"),
        (lambda: RelativePositionBias(4, 0), "num_heads: 0 is not positive"),
        (lambda: RelativePositionBias(4)(TOKENS), "x: 6 tokens, but there are distances for 4"),
        (lambda: DynamicPositionBias(4, hidden_dim=0), "hidden_dim: 0 is not positive"),
        (lambda: DynamicPositionBias(4)(TOKENS), "x: 6 tokens, but there are distances for 4"),
    ],
)
def test_position_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
