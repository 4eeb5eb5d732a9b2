"""Attention between tokens against independent packages and the papers' formulas."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from blocks.attention.additive_attention import AdditiveAttention
from blocks.attention.class_attention import ClassAttention
from blocks.attention.linear_attention import LinearAttention
from blocks.attention.locality_self_attention import LocalitySelfAttention
from blocks.attention.multi_head_cross_attention import MultiHeadCrossAttention
from blocks.attention.multi_head_self_attention import MultiHeadSelfAttention
from blocks.attention.nystrom_attention import NystromAttention
from blocks.attention.re_attention import ReAttention
from blocks.attention.retention import Retention
from blocks.attention.talking_heads_attention import TalkingHeadsAttention
from blocks.attention.xca import XCA
from tests.blocks.probe import fill, probe_input
from tests.blocks.reference import assert_probe, parameter_count


class BehindNorm(nn.Module):
    """vit-pytorch puts the layer norm inside its attentions."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(64)
        self.m = module

    def forward(self, x: Tensor) -> Tensor:
        return self.m(self.norm(x))


# Block, input shapes, parameters, output of the probe, and the order of the other implementation's parameters if
# another.
REFERENCE = [
    pytest.param(
        lambda: BehindNorm(MultiHeadSelfAttention(64, 8, 64, qkv_bias=False)),
        ((1, 49, 64),),
        131264,
        {"mean": 0.5164275817, "std": 0.1294640746, "last": [0.4227884999, 0.4291674]},
        None,
        id="vit-pytorch 1.26.11 vit.Attention(64)",
    ),
    pytest.param(
        lambda: BehindNorm(ReAttention(64, 8, 64, qkv_bias=False)),
        ((1, 49, 64),),
        131344,
        {"mean": 0.6451572155, "std": 1.654842721, "last": [2.417141993, 1.937289606]},
        "m.mix norm.weight norm.bias m.qkv.weight m.norm.weight m.norm.bias m.proj.weight m.proj.bias",
        id="vit-pytorch 1.26.11 deepvit.Attention(64)",
    ),
    pytest.param(
        lambda: BehindNorm(LocalitySelfAttention(64, 8, 64, qkv_bias=False)),
        ((1, 49, 64),),
        131265,
        {"mean": 0.5094968168, "std": 0.1131419872, "last": [0.4148453609, 0.4596343726]},
        "m.log_temperature norm.weight norm.bias m.qkv.weight m.proj.weight m.proj.bias",
        id="vit-pytorch 1.26.11 LSA(64)",
    ),
]


@pytest.mark.parametrize(("make", "shapes", "parameters", "expected", "order"), REFERENCE)
def test_independent_implementations_agree(make, shapes, parameters, expected, order) -> None:
    module = make()
    assert parameter_count(module) == parameters
    assert_probe(module, shapes, expected, order.split() if order else None)


@torch.no_grad()
@pytest.mark.parametrize("mix_bias", [False, True])
def test_talking_class_attention_is_the_first_row_of_talking_heads(mix_bias: bool) -> None:
    whole = fill(TalkingHeadsAttention(24, 4, mix_bias=mix_bias))
    first = fill(ClassAttention(24, 4, talking_heads=True, mix_bias=mix_bias))
    for name, part in zip("qkv", whole.qkv.weight.chunk(3), strict=True):
        getattr(first, name).weight.copy_(part)
    for name, part in zip("qkv", whole.qkv.bias.chunk(3), strict=True):
        getattr(first, name).bias.copy_(part)
    first.load_state_dict({k: v for k, v in whole.state_dict().items() if not k.startswith("qkv")}, strict=False)
    x, mask = probe_input((2, 7, 24)), torch.arange(7).expand(2, 7) < 5
    torch.testing.assert_close(first(x), whole(x)[:, :1])
    torch.testing.assert_close(first(x, mask), whole(x, mask)[:, :1])


def test_the_talking_heads_of_vit_pytorch_have_their_parameters() -> None:
    # vit-pytorch 1.26.11 cait.Attention(64, heads=8, dim_head=64)
    assert parameter_count(BehindNorm(TalkingHeadsAttention(64, 8, 64, qkv_bias=False, mix_bias=False))) == 131_392


def heads_of(layer: nn.Linear, x: Tensor, num_heads: int) -> list[Tensor]:
    """Return the output of a linear layer for one sample (n, dim), one (n, d) matrix per head."""
    return list(layer(x).chunk(num_heads, dim=-1))


def test_cross_attention_is_the_formula() -> None:
    layer = fill(MultiHeadCrossAttention(16, 12, 2))
    x, context = 5 * probe_input((1, 4, 16)), 5 * probe_input((1, 6, 12), 1)
    key, value = layer.kv(context[0]).chunk(2, dim=-1)
    heads = []
    for q, k, v in zip(heads_of(layer.q, x[0], 2), key.chunk(2, -1), value.chunk(2, -1), strict=True):
        rows = []
        for i in range(4):
            weights = torch.stack([torch.exp(q[i] @ k[j] / math.sqrt(8)) for j in range(6)])
            rows.append(sum(weights[j] / weights.sum() * v[j] for j in range(6)))
        heads.append(torch.stack(rows))
    expected = torch.cat(heads, -1) @ layer.proj.weight.T + layer.proj.bias
    torch.testing.assert_close(layer(x, context)[0], expected, rtol=1e-5, atol=1e-8)


def test_additive_attention_is_the_formula() -> None:
    layer = fill(AdditiveAttention(6, 5, 4))
    s, h = probe_input((2, 3, 6)), probe_input((2, 7, 5), 1)
    w, u, v = layer.query.weight, layer.key.weight, layer.score.weight[0]
    for b in range(2):
        for i in range(3):
            scores = torch.stack([v @ torch.tanh(w @ s[b, i] + u @ h[b, j]) for j in range(7)]).exp()
            expected = sum(scores[j] / scores.sum() * h[b, j] for j in range(7))
            torch.testing.assert_close(layer(s, h)[b, i], expected, rtol=1e-5, atol=1e-8)


def test_causal_attention_does_not_look_ahead() -> None:
    layer = fill(MultiHeadSelfAttention(16, 2, causal=True))
    x = probe_input((1, 6, 16))
    torch.testing.assert_close(layer(x)[:, :3], layer(x[:, :3]))


def test_linear_attention_is_the_formula() -> None:
    layer = fill(LinearAttention(16, 2))
    x = probe_input((1, 5, 16))
    heads = []
    for q, k, v in zip(*(part.chunk(2, -1) for part in layer.qkv(x[0]).chunk(3, -1)), strict=True):
        weights = (F.elu(q) + 1) @ (F.elu(k) + 1).T
        weights = weights / weights.sum(1, keepdim=True)
        torch.testing.assert_close(layer.attention(x)[0, len(heads)], weights)
        heads.append(weights @ v)
    torch.testing.assert_close(layer(x)[0], layer.proj(torch.cat(heads, -1)), rtol=1e-5, atol=1e-8)


def test_efficient_attention_normalises_queries_over_channels_and_keys_over_tokens() -> None:
    layer = fill(LinearAttention(16, 2, feature_map="softmax"))
    x = probe_input((1, 5, 16))
    heads = []
    for q, k, v in zip(*(part.chunk(2, -1) for part in layer.qkv(x[0]).chunk(3, -1)), strict=True):
        weights = q.softmax(1) @ k.softmax(0).T
        torch.testing.assert_close(layer.attention(x, every=2)[0, len(heads)], weights[::2])
        heads.append(weights @ v)
    torch.testing.assert_close(layer(x)[0], layer.proj(torch.cat(heads, -1)), rtol=1e-5, atol=1e-8)


def test_nystrom_is_exact_with_a_landmark_for_each_token_and_close_with_fewer() -> None:
    torch.manual_seed(0)
    layer = NystromAttention(32, num_landmarks=48, kernel_size=0, iterations=16).double().eval()
    x = torch.randn(1, 1, 32).double() + 0.3 * torch.randn(2, 48, 32).double()
    exact = layer(x)
    q, k, v = (part.unflatten(-1, (4, 8)).transpose(1, 2) for part in layer.qkv(x).chunk(3, -1))
    rebuilt = layer.attend_by_landmarks(q, k, v)
    torch.testing.assert_close(layer.proj(rebuilt.transpose(1, 2).flatten(2)), exact, rtol=1e-4, atol=1e-5)
    softmax = (q @ k.transpose(-2, -1) / math.sqrt(8)).softmax(-1)
    torch.testing.assert_close(layer.attention(x), softmax)
    layer.num_landmarks = 12
    assert (layer(x) - exact).norm() < 0.05 * exact.norm()


def test_the_matrix_of_nystrom_attention_is_the_formula() -> None:
    layer = fill(NystromAttention(16, 2, num_landmarks=4, kernel_size=0, iterations=24))
    x = 3 * probe_input((2, 12, 16))
    q, k, v = (part.unflatten(-1, (2, 8)).transpose(1, 2) for part in layer.qkv(x).chunk(3, -1))
    q_landmarks, k_landmarks = (part.unflatten(2, (4, 3)).mean(3) for part in (q, k))
    read, among, spread = (
        (a @ b.transpose(-2, -1) / math.sqrt(8)).softmax(-1)
        for a, b in ((q_landmarks, k), (q_landmarks, k_landmarks), (q, k_landmarks))
    )
    weights = spread @ torch.linalg.pinv(among) @ read
    torch.testing.assert_close(layer.attention(x), weights, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(layer.attention(x, every=5), layer.attention(x)[:, :, ::5])
    torch.testing.assert_close(layer.proj((layer.attention(x) @ v).transpose(1, 2).flatten(2)), layer(x))


def test_retention_is_the_formula_in_parallel_and_as_a_recurrence() -> None:
    layer = fill(Retention(16, 2))
    x = probe_input((2, 7, 16))
    parallel = layer(x)
    state, steps = None, []
    for n in range(7):
        y, state = layer.step(x[:, n : n + 1], state, n)
        steps.append(y)
    torch.testing.assert_close(torch.cat(steps, 1), parallel, rtol=1e-6, atol=1e-9)

    heads = []
    angles = 10000 ** -torch.linspace(0, 1, 4).double()
    queries, keys, values = (list(part(x[0]).chunk(2, -1)) for part in (layer.q, layer.k, layer.v))
    for head in range(2):
        gamma = 1 - 2.0 ** (-5 - head)
        turned = []
        for vectors in (queries[head], keys[head]):
            pairs = torch.view_as_complex(vectors.unflatten(-1, (4, 2)).contiguous())
            turned.append(pairs * torch.exp(1j * torch.arange(7)[:, None] * angles))
        rows = []
        for n in range(7):
            weights = [
                gamma ** (n - m) * (turned[0][n] * turned[1][m].conj()).real.sum() / math.sqrt(8) for m in range(n + 1)
            ]
            magnitude = sum(abs(weight) for weight in weights)
            shares = torch.stack([weight / magnitude for weight in weights] + [torch.zeros_like(magnitude)] * (6 - n))
            torch.testing.assert_close(layer.retained(x)[0, head, n], shares, rtol=1e-5, atol=1e-6)
            row = sum(weight * values[head][m] for m, weight in enumerate(weights))
            rows.append(F.layer_norm(row, row.shape))
        heads.append(torch.stack(rows))
    expected = layer.proj(F.silu(layer.gate(x[0])) * torch.cat(heads, -1))
    torch.testing.assert_close(parallel[0], expected, rtol=1e-5, atol=1e-6)  # the decay is a single-precision constant


@pytest.mark.parametrize(
    "attention", [ClassAttention, TalkingHeadsAttention, ReAttention, XCA, LocalitySelfAttention, LinearAttention]
)
def test_heads_that_do_not_fit_are_named(attention) -> None:
    with pytest.raises(ValueError, match="num_heads: 5 does not divide dim 64"):
        attention(64, 5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AdditiveAttention(8, 8, 0), "hidden_dim: 0 is not positive"),
        (lambda: MultiHeadCrossAttention(64, 64, 5), "num_heads: 5 does not divide dim 64"),
        (lambda: ReAttention(64, norm="group"), "norm: 'group' is not one of layer, batch"),
        (lambda: LinearAttention(64, feature_map="relu"), "feature_map: 'relu' is not one of elu, softmax"),
        (lambda: NystromAttention(64, num_landmarks=0), "num_landmarks: 0 is not positive"),
        (lambda: NystromAttention(64, kernel_size=4), "kernel_size: 4 is not a positive odd number, such as 3, 5 or 7"),
        (lambda: Retention(12, 4), "num_heads: heads of width 3 cannot be rotated; dim / num_heads has to be even"),
        (lambda: Retention(12, 5), "num_heads: 5 does not divide dim 12"),
        (lambda: Retention(16, expand_ratio=0), "expand_ratio: 0 is not positive"),
        (
            lambda: LocalitySelfAttention(64)(torch.zeros(1, 1, 64)),
            "x: 1 token has no other to look at; at least 2 are needed",
        ),
    ],
)
def test_bad_parameters_are_named(make, message: str) -> None:
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message
