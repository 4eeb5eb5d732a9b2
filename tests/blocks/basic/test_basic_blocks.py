"""The basic layers against torch's own, and all of their error messages."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from blocks.basic.activation import Activation
from blocks.basic.adaptive_avg_pool2d import AdaptiveAvgPool2d
from blocks.basic.add import Add
from blocks.basic.avg_pool2d import AvgPool2d
from blocks.basic.concat import Concat
from blocks.basic.conv1d import Conv1d
from blocks.basic.conv2d import Conv2d
from blocks.basic.conv3d import Conv3d
from blocks.basic.dropout import Dropout
from blocks.basic.group_norm import GroupNorm
from blocks.basic.layer_norm2d import LayerNorm2d
from blocks.basic.linear import Linear
from blocks.basic.max_pool2d import MaxPool2d
from blocks.basic.multiply import Multiply
from blocks.basic.reshape import Reshape
from blocks.basic.rms_norm import RMSNorm
from blocks.basic.softmax import Softmax
from blocks.basic.split import Split
from blocks.basic.upsample import Upsample
from blocks.basic.weighted_sum import WeightedSum
from tests.blocks.reference import assert_probe


def test_joins_follow_arithmetic():
    x, y, z = (torch.randn(2, 4, 3, 3) for _ in range(3))
    gate = torch.rand(2, 4, 1, 1)
    assert torch.equal(Add()(x, y, z), x + y + z)
    assert torch.equal(Multiply()(gate, x), x * gate)
    assert torch.equal(Concat()(x, y), torch.cat((x, y), 1))
    assert torch.equal(Concat(-1)(x, torch.randn(2, 4, 3, 5))[..., :3], x)


@pytest.mark.parametrize("size", [0, 1])
def test_split_parts_concatenate_to_the_input(size):
    x = torch.randn(2, 6, 4)
    parts = Split(size)(x)
    assert parts[0].shape[1] == (size or 3)
    assert torch.equal(torch.cat(parts, 1), x)


@pytest.mark.parametrize("weighting", ["fast", "softmax", "free"])
def test_weighted_sum_follows_the_formula(weighting):
    layer = WeightedSum(3, weighting).double()
    raw = torch.tensor([0.5, -1.0, 2.0]).double()
    layer.weight.data.copy_(raw)
    x = torch.randn(3, 2, 4).double()
    weights = {
        "fast": raw.clamp_min(0) / (1e-4 + raw.clamp_min(0).sum()),
        "softmax": raw.exp() / raw.exp().sum(),
        "free": raw,
    }[weighting]
    assert torch.allclose(layer(*x), sum(w * part for w, part in zip(weights, x, strict=True)), atol=1e-12)


@pytest.mark.parametrize("kernel_size", [1, 3, 7])
def test_convolution_keeps_the_size_by_default(kernel_size):
    assert Conv1d(4, 8, kernel_size)(torch.randn(1, 4, 9)).shape == (1, 8, 9)
    assert Conv2d(4, 8, kernel_size, dilation=2)(torch.randn(1, 4, 9, 7)).shape == (1, 8, 9, 7)
    assert Conv3d(4, 8, kernel_size)(torch.randn(1, 4, 3, 9, 7)).shape == (1, 8, 3, 9, 7)


def test_average_pool_does_not_count_the_padding():
    assert torch.equal(AvgPool2d(3, 1, 1)(torch.ones(1, 1, 4, 4)), torch.ones(1, 1, 4, 4))


def test_adaptive_pool_averages_cells():
    x = torch.randn(1, 2, 4, 4)
    assert torch.allclose(AdaptiveAvgPool2d(2)(x), F.avg_pool2d(x, 2))


def test_activations_have_their_names():
    x = torch.linspace(-3, 3, 13)
    for name in (
        "relu",
        "gelu",
        "silu",
        "sigmoid",
        "hardsigmoid",
        "tanh",
        "elu",
        "mish",
        "softplus",
        "relu6",
        "hardswish",
    ):
        assert torch.equal(Activation(name)(x), getattr(F, name)(x) if hasattr(F, name) else getattr(torch, name)(x))


def test_channel_dropout_drops_whole_channels():
    torch.manual_seed(0)
    out = Dropout(0.5, channels=True)(torch.ones(4, 16, 3, 3))
    assert set(out.flatten(2).unique(dim=2).flatten().tolist()) == {0.0, 2.0}
    assert torch.equal(out.amin((2, 3)), out.amax((2, 3)))


def test_softmax_divides_by_temperature():
    x = torch.randn(2, 5)
    assert torch.allclose(Softmax(temperature=0.5)(x), (2 * x).softmax(-1))


def test_upsample_repeats_neighbours():
    assert Upsample(2)(torch.tensor([[[[1.0, 2.0]]]])).tolist() == [[[[1.0, 1.0, 2.0, 2.0]] * 2]][0:1]


def test_reshape_infers_one_size():
    assert Reshape((2, -1))(torch.randn(3, 4, 5)).shape == (3, 2, 10)


def test_norms_match_timm_1_0_31():
    expected = {
        "mean": 0.5018230178,
        "std": 0.510837399,
        "mean_abs": 0.5750034185,
        "last": [0.2460460225, 0.1728206041],
    }
    assert_probe(LayerNorm2d(64), [(1, 64, 14, 14)], expected)
    expected = {
        "mean": 0.0004924544655,
        "std": 0.5058520926,
        "mean_abs": 0.4511238565,
        "last": [-0.5034356186, -0.5109418498],
    }
    assert_probe(RMSNorm(64), [(1, 49, 64)], expected)


MAP = torch.zeros(1, 4, 5, 5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Add()(), "inputs: none is connected"),
        (lambda: Add()(MAP, MAP[:, :2]), r"input 2: shape \(1, 2, 5, 5\) differs from \(1, 4, 5, 5\)"),
        (lambda: Multiply()(), "inputs: none is connected"),
        (lambda: Multiply()(MAP, MAP[:, :2]), "same size or size 1"),
        (lambda: Multiply()(MAP, MAP[0]), "same size or size 1"),
        (lambda: Concat(0), "dim: 0 is the batch"),
        (lambda: Concat()(), "inputs: none is connected"),
        (lambda: Concat(4)(MAP), "dim: 4 is no axis"),
        (lambda: Concat()(MAP, MAP[..., :2]), "but for axis 1"),
        (lambda: Split(dim=0), "dim: 0 is the batch"),
        (lambda: Split(-1), "size: -1 is negative"),
        (lambda: Split(dim=5)(MAP), "dim: 5 is no axis"),
        (lambda: Split(dim=2)(MAP), "is odd and has no half"),
        (lambda: Split(4)(MAP), "size: 4 leaves nothing"),
        (lambda: WeightedSum(0), "num_inputs: 0 is not positive"),
        (lambda: WeightedSum(2, "hard"), "weighting: 'hard' is not one of"),
        (lambda: WeightedSum(2)(MAP), "num_inputs: 2 is set, but the number of wires is 1"),
        (lambda: WeightedSum(2)(MAP, MAP[:, :2]), "a sum needs equal shapes"),
        (lambda: Conv2d(4, 0), "out_channels: 0 is not positive"),
        (lambda: Conv2d(4, 8, padding=-1), "padding: -1 is negative"),
        (lambda: Conv2d(4, 8, (1, 0)), r"kernel_size: \(1, 0\) is not positive"),
        (lambda: MaxPool2d((2, 4), padding=(1, 3)), r"padding: \(1, 3\) is not between 0"),
        (lambda: Conv2d(4, 8, groups=3), "groups: 3 does not divide in_channels 4"),
        (lambda: Conv1d(4, 8, stride=0), "stride: 0 is not positive"),
        (lambda: Conv3d(4, 8, kernel_size=0), "kernel_size: 0 is not positive"),
        (lambda: Linear(4, 0), "out_features: 0 is not positive"),
        (lambda: GroupNorm(4, 3), "num_groups: 3 does not divide channels 4"),
        (lambda: MaxPool2d(0), "kernel_size: 0 is not positive"),
        (lambda: MaxPool2d(2, padding=2), "padding: 2 is not between 0 and half"),
        (lambda: AvgPool2d(6)(MAP), "kernel_size: 6 is larger than the map"),
        (lambda: AdaptiveAvgPool2d(0), "output_size: 0 is not positive"),
        (lambda: Dropout(2), "drop: 2 is not from 0 to 1"),
        (lambda: Dropout(channels=True)(MAP[0, 0]), "expected at least 3 axes"),
        (lambda: Reshape((-1, -1)), "at most one -1"),
        (lambda: Reshape((7,))(MAP), r"shape: \(7,\) cannot hold the 100 numbers"),
        (lambda: Reshape((7, -1))(MAP), "cannot hold"),
        (lambda: Upsample(0), "scale_factor: 0 is not positive"),
        (lambda: Upsample(2, "area"), "mode: 'area' is not one of"),
        (lambda: Softmax(0), "dim: 0 is the batch"),
        (lambda: Softmax(temperature=0), "temperature: 0 is not positive"),
        (lambda: Activation("step"), "'step' is not one of"),
    ],
)
def test_basic_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_names_do_not_hide_torch():
    assert issubclass(Conv2d, nn.Conv2d)
    assert isinstance(Linear(3, 2), nn.Linear)
