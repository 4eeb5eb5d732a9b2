"""Attention over whole maps against timm and the papers' formulas."""

import math

import pytest
import torch

from blocks.attention.bot_attention import BoTAttention
from blocks.attention.coatnet_transformer import CoAtNetTransformer
from blocks.attention.non_local2d import NonLocal2d
from blocks.attention.relative_self_attention2d import RelativeSelfAttention2d
from blocks.attention.sagan_attention import SAGANAttention
from tests.blocks.probe import fill, probe_input
from tests.blocks.reference import parameter_count


def test_relative_attention_is_the_formula() -> None:
    h, w, d = 3, 4, 4
    layer = fill(RelativeSelfAttention2d(6, h, w, 8, d))
    x = 3 * probe_input((1, 6, h, w))
    places = [(row, column) for row in range(h) for column in range(w)]
    qkv = layer.qkv(x)[0].flatten(1).T
    out = torch.zeros(h * w, 8).double()
    for head in range(2):
        q, k, v = qkv[:, head * 3 * d : (head + 1) * 3 * d].chunk(3, -1)
        for a, i in enumerate(places):
            bias = [
                layer.position_bias.table[(i[0] - j[0] + h - 1) * (2 * w - 1) + i[1] - j[1] + w - 1, head]
                for j in places
            ]
            weights = torch.stack([q[a] @ k[b] / math.sqrt(d) + bias[b] for b in range(h * w)]).softmax(0)
            out[a, head * d : (head + 1) * d] = weights @ v
    expected = layer.proj(out.T.view(1, 8, h, w))
    torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-8)


def test_coatnet_halves_the_map_by_max_pooling_on_both_branches() -> None:
    layer = fill(CoAtNetTransformer(8, 6, 5, 16, 2, head_dim=8))
    x = probe_input((1, 8, 6, 5))
    pooled = torch.nn.functional.max_pool2d(x, 2, ceil_mode=True)
    normed = torch.nn.functional.max_pool2d(layer.norm1(x), 2, ceil_mode=True)
    y = layer.proj(pooled) + layer.attn(normed)
    tokens = y.permute(0, 2, 3, 1)
    expected = (tokens + layer.mlp(layer.norm2(tokens))).permute(0, 3, 1, 2)
    torch.testing.assert_close(layer(x), expected)


def test_the_transformer_stages_of_coatnet_0_have_their_parameters() -> None:
    # Dai et al. 2021, Table 3: 5 blocks of 384 channels on 14 x 14, 2 of 768 on 7 x 7, the first of each downsampling.
    def closed_form(dim_in: int, dim: int, side: int) -> int:
        table = (2 * side - 1) ** 2 * dim // 32
        shortcut = dim_in * dim + dim if dim_in != dim else 0
        return (
            shortcut
            + 2 * dim_in
            + 2 * dim
            + 3 * dim * (dim_in + 1)
            + table
            + dim * (dim + 1)
            + dim * 4 * dim * 2
            + 5 * dim
        )

    for dim_in, dim, side, stride in ((192, 384, 28, 2), (384, 384, 14, 1), (384, 768, 14, 2), (768, 768, 7, 1)):
        block = CoAtNetTransformer(dim_in, side, side, dim, stride)
        assert parameter_count(block) == closed_form(dim_in, dim, side // stride)


@pytest.mark.parametrize("scaled", [True, False])
def test_bot_attention_is_the_formula(scaled: bool) -> None:
    h, w = 3, 4
    layer = fill(BoTAttention(8, h, w, 2, scale_position=scaled))
    x = 2 * probe_input((1, 8, h, w))
    places = [(row, column) for row in range(h) for column in range(w)]
    q, k, v = (part[0].flatten(1).T for part in layer.qkv(x).chunk(3, 1))
    out = torch.zeros(h * w, 8).double()
    for part in (slice(0, 4), slice(4, 8)):
        for a, i in enumerate(places):
            logits = []
            for b, j in enumerate(places):
                r = layer.rows[j[0] - i[0] + h - 1] + layer.columns[j[1] - i[1] + w - 1]
                logits.append(q[a, part] @ k[b, part] / 2 + q[a, part] @ r / (2 if scaled else 1))
            out[a, part] = torch.stack(logits).softmax(0) @ v[:, part]
    torch.testing.assert_close(layer(x)[0].flatten(1).T, out, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("mode", ["embedded_gaussian", "gaussian", "dot_product"])
def test_non_local_is_the_formula(mode: str) -> None:
    layer = fill(NonLocal2d(8, mode=mode))
    x = probe_input((1, 8, 3, 4))
    theta, phi, g = (part(x)[0].flatten(1).T for part in (layer.theta, layer.phi, layer.g))
    fit = theta @ phi.T
    weights = fit / 12 if mode == "dot_product" else fit.exp() / fit.exp().sum(1, keepdim=True)
    expected = x + layer.norm(layer.proj((weights @ g).T.view(1, 4, 3, 4)))
    torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-8)


def test_sagan_is_the_formula() -> None:
    layer = fill(SAGANAttention(16))
    x = probe_input((1, 16, 3, 4))
    f, g, h = (part(x)[0].flatten(1) for part in (layer.f, layer.g, layer.h))
    s = f.T @ g  # s_ij
    beta = s.exp() / s.exp().sum(0, keepdim=True)  # beta_ji: column j sums to 1
    expected = layer.gamma * layer.v((h @ beta).view(1, 2, 3, 4)) + x
    torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("make", [lambda: NonLocal2d(16), lambda: SAGANAttention(16)])
def test_the_block_starts_as_the_identity(make) -> None:
    x = torch.randn(2, 16, 4, 5)
    assert torch.equal(make()(x), x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RelativeSelfAttention2d(8, 4, 4, 48, 32), "head_dim: 32 does not divide out_channels 48"),
        (
            lambda: RelativeSelfAttention2d(8, 4, 4)(torch.zeros(1, 8, 4, 5)),
            "x: 4 x 5, but the biases are for a map of 4 x 4",
        ),
        (lambda: CoAtNetTransformer(8, 4, 4, 48), "head_dim: 32 does not divide out_channels 48"),
        (lambda: CoAtNetTransformer(8, 4, 4, stride=0), "stride: 0 is not positive"),
        (lambda: CoAtNetTransformer(8, 4, 4, pool="min"), "pool: 'min' is not one of max, avg"),
        (lambda: BoTAttention(64, 4, 4, 5), "num_heads: 5 does not divide channels 64"),
        (lambda: BoTAttention(8, 4, 4)(torch.zeros(1, 8, 5, 4)), "x: 5 x 4, but the positions are for a map of 4 x 4"),
        (lambda: NonLocal2d(8, 9), "reduction: 9 is not in 1 .. 8, the number of channels"),
        (lambda: NonLocal2d(8, pool=0), "pool: 0 is not positive"),
        (lambda: NonLocal2d(8, mode="cosine"), "mode: 'cosine' is not one of embedded_gaussian, gaussian, dot_product"),
        (lambda: SAGANAttention(4), "reduction: 8 is not in 1 .. 4, the number of channels"),
    ],
)
def test_bad_parameters_are_named(make, message: str) -> None:
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
