"""Active dendrites, k winners and prototypes against literal loops over the paper's formulas."""

import math

import pytest
import torch

from blocks.dendritic.active_dendrites import ActiveDendrites
from blocks.dendritic.dendritic_mlp import DendriticMlp
from blocks.dendritic.k_winners import KWinners
from blocks.dendritic.prototype_context import PrototypeContext


@pytest.mark.parametrize("absolute", [False, True])
def test_dendrites_follow_the_formula(absolute):
    layer = ActiveDendrites(4, 3, units=5, segments=6, absolute_max=absolute).double()
    x, context = torch.randn(2, 4).double(), torch.randn(2, 3).double()
    expected = torch.empty(2, 5).double()
    for b in range(2):
        for unit in range(5):
            responses = [
                sum(u * c for u, c in zip(segment.tolist(), context[b].tolist(), strict=True))
                for segment in layer.segments[unit]
            ]
            d = max(responses, key=abs) if absolute else max(responses)
            t = (
                sum(w * v for w, v in zip(layer.linear.weight[unit].tolist(), x[b].tolist(), strict=True))
                + layer.linear.bias[unit].item()
            )
            expected[b, unit] = t / (1 + math.exp(-d))
    assert torch.allclose(layer(x, context), expected, atol=1e-5)


def test_dendrites_gate_every_token_alike():
    layer = ActiveDendrites(4, 3, units=5)
    x, context = torch.randn(2, 7, 4), torch.randn(2, 3)
    assert torch.allclose(layer(x, context)[:, 2], layer(x[:, 2], context), atol=1e-6)


def test_only_the_selected_segment_learns():
    layer = ActiveDendrites(4, 3, units=5, segments=6)
    context = torch.randn(1, 3)
    layer(torch.randn(1, 4), context).sum().backward()
    strongest = torch.einsum("bc,usc->bus", context, layer.segments)[0].argmax(1)
    learned = layer.segments.grad.abs().sum(2) > 0
    assert torch.equal(learned, torch.nn.functional.one_hot(strongest, 6).bool())


def test_k_winners_keep_the_k_largest():
    x = torch.randn(3, 2, 20).double()
    out = KWinners(20, share=0.2)(x)
    for row, winners in zip(x.view(-1, 20).tolist(), out.view(-1, 20).tolist(), strict=True):
        top = sorted(row)[-4:]
        assert winners == [value if value in top else 0.0 for value in row]


def test_ties_do_not_add_winners():
    assert KWinners(10, share=0.3)(torch.ones(1, 10)).sum() == 3


def test_boosting_lets_idle_units_win_without_changing_values():
    layer = KWinners(4, share=0.25, boost_strength=5.0, duty_period=1)
    x = torch.tensor([[1.0, 0.9, 0.1, 0.1]])
    assert layer(x).tolist() == [[1.0, 0.0, 0.0, 0.0]]
    assert layer.duty_cycle.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert layer(x)[0, 1] == x[0, 1]
    before = layer.duty_cycle.clone()
    layer.eval()(x)
    assert torch.equal(layer.duty_cycle, before)


def test_dendritic_network_size():
    network = DendriticMlp(784, 784, num_classes=10, hidden_dim=64, segments=5)
    layers = (784 * 64 + 64) + (64 * 64 + 64) + (64 * 10 + 10)
    assert sum(p.numel() for p in network.parameters()) == layers + 2 * 64 * 5 * 784


def test_prototypes_of_known_tasks_are_means():
    layer = PrototypeContext(3, num_tasks=4).double()
    x, task = torch.randn(30, 3).double(), torch.arange(30) % 2
    for part in range(0, 30, 10):
        layer(x[part : part + 10], task[part : part + 10])
    for number in range(2):
        mine = x[task == number]
        assert torch.allclose(layer.prototypes[number], mine.mean(0), atol=1e-10)
        assert torch.allclose(layer.scatter[number], (mine - mine.mean(0)).square().sum(), atol=1e-8)
    assert layer.counts.tolist() == [15, 15, 0, 0]
    layer.eval()
    expected = torch.stack(
        [min((layer.prototypes[k] for k in range(2)), key=lambda p, r=row: (r - p).norm().item()) for row in x]
    )
    assert torch.equal(layer(x), expected)


def test_unlabelled_tasks_are_clustered():
    torch.manual_seed(0)
    layer = PrototypeContext(8, num_tasks=5)
    centres = 3 * torch.randn(3, 8)
    for place in (0, 0, 1, 1, 0, 2, 1, 2):
        layer(centres[place] + torch.randn(64, 8))
    assert layer.counts.tolist() == [192, 192, 128, 0, 0]
    assert torch.allclose(layer.prototypes[:3], centres, atol=0.4)


def test_full_memory_uses_the_nearest_prototype():
    layer = PrototypeContext(2, num_tasks=1)
    layer(torch.randn(8, 2))
    layer(100 + torch.randn(8, 2))
    assert layer.counts.tolist() == [16]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ActiveDendrites(4, 3, units=0), "units: 0 is not positive"),
        (lambda: ActiveDendrites(4, 3, segments=0), "segments: 0 is not positive"),
        (lambda: KWinners(4, share=0), "share: 0 is not above 0"),
        (lambda: KWinners(4, boost_strength=-1), "boost_strength: -1 is negative"),
        (lambda: KWinners(4, duty_period=0), "duty_period: 0 is not positive"),
        (lambda: DendriticMlp(4, 3, hidden_dim=0), "hidden_dim: 0 is not positive"),
        (lambda: PrototypeContext(4, num_tasks=0), "num_tasks: 0 is not positive"),
        (lambda: PrototypeContext(4, novelty=1), "novelty: 1 is not above 1"),
    ],
)
def test_dendritic_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
