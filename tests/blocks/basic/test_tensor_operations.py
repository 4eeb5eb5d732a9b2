"""Blocks that are one tensor operation, against the operation written in another way."""

import math

import pytest
import torch
from torch.nn import functional as F

from blocks.basic.batch_norm1d import BatchNorm1d
from blocks.basic.conv2d import Conv2d
from blocks.basic.conv3d import Conv3d
from blocks.basic.mat_mul import MatMul
from blocks.basic.max_pool3d import MaxPool3d
from blocks.basic.mean import Mean
from blocks.basic.permute import Permute
from blocks.basic.scale import Scale
from blocks.basic.subtract import Subtract
from blocks.conv.conv_norm_act import ConvNormAct
from blocks.position.sin_cos3d_position import SinCos3dPosition
from blocks.stems.patch_embed import PatchEmbed
from blocks.stems.tubelet_embed import TubeletEmbed
from blocks.tokens.volume_to_tokens import VolumeToTokens
from blocks.transformer.layer_scale2d import LayerScale2d
from tests.blocks.probe import fill, probe_input

X = probe_input((2, 3, 4, 5))


def test_subtraction_stretches_axes_of_size_1() -> None:
    y = probe_input((2, 3, 1, 1))
    torch.testing.assert_close(Subtract()(X, y), X + -1 * y.expand_as(X))
    with pytest.raises(ValueError, match=r"y: shape \(2, 3, 2, 1\) does not fit \(2, 3, 4, 5\)"):
        Subtract()(X, probe_input((2, 3, 2, 1)))


def test_a_fixed_factor_learns_nothing() -> None:
    assert not list(Scale(0.25).parameters())
    torch.testing.assert_close(Scale(0.25)(X), X / 4)


@pytest.mark.parametrize(
    ("axes", "equation"), [((), "abcd->abdc"), ((3, 1, 2), "abcd->adbc"), ((2, 3, 1), "abcd->acdb")]
)
def test_permuted_axes(axes: tuple[int, ...], equation: str) -> None:
    torch.testing.assert_close(Permute(axes)(X), torch.einsum(equation, X))


def test_axes_that_are_no_order_are_refused() -> None:
    with pytest.raises(ValueError, match="is no order of the axes 1 to 2"):
        Permute((0, 1))
    with pytest.raises(ValueError, match="orders 2 axes, but the input has 3"):
        Permute((2, 1))(X)


def test_matrix_product() -> None:
    y = probe_input((2, 3, 5, 6))
    torch.testing.assert_close(MatMul()(X, y), torch.einsum("abij,abjk->abik", X, y))


def test_mean_along_an_axis() -> None:
    torch.testing.assert_close(Mean(2)(X), X.sum(2) / 4)
    assert Mean(-1, keepdim=True)(X).shape == (2, 3, 4, 1)
    with pytest.raises(ValueError, match="dim: 4 is no axis"):
        Mean(4)(X)


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 5)])
def test_batch_norm_of_vectors_and_signals(shape: tuple[int, ...]) -> None:
    x = probe_input(shape)
    axes = [axis for axis in range(x.ndim) if axis != 1]
    expected = (x - x.mean(axes, keepdim=True)) / (x.var(axes, correction=0, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(BatchNorm1d(8).double()(x), expected)
    with pytest.raises(ValueError, match="has 4 axes"):
        BatchNorm1d(3)(X)


def test_max_pooling_of_volumes() -> None:
    x = probe_input((1, 2, 4, 6, 6))
    patches = x.unfold(2, 2, 2).unfold(3, 2, 2).unfold(4, 2, 2)
    torch.testing.assert_close(MaxPool3d()(x), patches.flatten(-3).amax(-1))


def test_tokens_of_a_volume_go_frame_by_frame() -> None:
    x = probe_input((1, 2, 3, 4, 5))
    tokens = VolumeToTokens()(x)
    torch.testing.assert_close(tokens[0, (1 * 4 + 2) * 5 + 3], x[0, :, 1, 2, 3])


def test_layer_scale_of_maps() -> None:
    scale = fill(LayerScale2d(3))
    torch.testing.assert_close(scale(X), torch.einsum("abcd,b->abcd", X, scale.gamma.flatten()))


def test_sines_of_frame_row_and_column() -> None:
    """The formula of vit-pytorch's posemb_sincos_3d, token by token."""
    frames, height, width, dim = 2, 3, 4, 26
    tokens = SinCos3dPosition(frames * height * width, dim, frames, height)(torch.zeros(1, 24, dim))[0]
    rates = [1 / 10000 ** (i / (dim // 6 - 1)) for i in range(dim // 6)]
    for number in range(24):
        t, rest = divmod(number, height * width)
        y, x = divmod(rest, width)
        waves = [f(place * rate) for place in (x, y, t) for f in (math.sin, math.cos) for rate in rates]
        torch.testing.assert_close(tokens[number], F.pad(torch.tensor(waves), (0, dim - 24)))


def test_sizes_for_each_axis() -> None:
    conv = fill(Conv2d(3, 4, (1, 3), stride=(2, 1), dilation=(1, 2)))
    expected = F.conv2d(X, conv.weight, conv.bias, (2, 1), (0, 2), (1, 2))
    torch.testing.assert_close(conv(X), expected)
    volume = probe_input((1, 3, 4, 8, 8))
    stem = fill(Conv3d(3, 4, (3, 7, 7), (1, 2, 2)))
    torch.testing.assert_close(stem(volume), F.conv3d(volume, stem.weight, stem.bias, (1, 2, 2), (1, 3, 3)))
    pool = MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
    torch.testing.assert_close(pool(volume)[:, :, 1], F.max_pool2d(volume[:, :, 1], 3, 2, 1))
    unit = ConvNormAct(3, 4, (1, 7), norm="none", act="none")
    assert unit(X.float()).shape == (2, 4, 4, 5)
    embed = PatchEmbed(3, 8, (2, 5))
    assert embed(X.float()).shape == (2, 2, 8)
    assert TubeletEmbed(3, 8, (4, 2), 2)(volume.float()).shape == (1, 2 * 2 * 4, 8)
