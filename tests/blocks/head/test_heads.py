"""Heads against timm's numbers and literal formulas."""

import math

import pytest
import torch

from blocks.head.arcface_head import ArcFaceHead
from blocks.head.classifier_head import ClassifierHead
from blocks.head.embedding_head import EmbeddingHead
from blocks.head.token_classifier_head import TokenClassifierHead
from tests.blocks.reference import assert_probe, parameter_count


def test_classifier_matches_timm_1_0_31():
    expected = {"mean": 0.5000882474, "std": 0.07298847019, "last": [0.5107544624, 0.4498410517]}
    head = ClassifierHead(512, 1000)
    assert parameter_count(head) == 513000
    assert_probe(head, [(1, 512, 7, 7)], expected)


def test_normed_classifier_matches_timm_1_0_31():
    expected = {"mean": 0.4999749419, "std": 0.8664477781, "last": [0.4677080631, 0.2181440946]}
    head = ClassifierHead(512, 1000, norm="layer")
    assert parameter_count(head) == 514024
    assert_probe(head, [(1, 512, 7, 7)], expected)


def test_classifier_takes_vectors_maps_and_volumes():
    head = ClassifierHead(8, 3, pooling="max")
    x = torch.randn(2, 8)
    assert torch.allclose(head(x), head(x[:, :, None, None].expand(2, 8, 3, 4)), atol=1e-6)
    assert head(torch.randn(2, 8, 2, 3, 4)).shape == (2, 3)


def test_token_classifier_reads_the_right_tokens():
    x = torch.randn(2, 5, 8)
    plain = {"norm": "none"}
    for pooling, read in (("token", x[:, 1]), ("avg", x[:, 1:].mean(1)), ("max", x[:, 1:].amax(1))):
        head = TokenClassifierHead(8, 3, pooling, token=1, **plain)
        assert torch.allclose(head(x), head.fc(read), atol=1e-6)


@pytest.mark.parametrize("margin", [0.0, 0.5])
def test_arcface_follows_the_formula(margin):
    head = ArcFaceHead(6, 4, scale=64.0, margin=margin).double()
    x, label = torch.randn(8, 6).double(), torch.arange(8) % 4
    # One embedding opposite to its centre, where the angle passes pi - m.
    x[0] = -head.weight.detach()[0] + 0.01 * x[0]
    expected = torch.empty(8, 4).double()
    for i in range(8):
        for j in range(4):
            weight = head.weight[j]
            theta = math.acos((x[i] @ weight / (x[i].norm() * weight.norm())).item())
            if label[i] != j:
                expected[i, j] = 64 * math.cos(theta)
            elif theta < math.pi - margin:
                expected[i, j] = 64 * math.cos(theta + margin)
            else:
                expected[i, j] = 64 * (math.cos(theta) - margin * math.sin(margin))
    assert torch.allclose(head(x, label), expected, atol=1e-5)
    cosines = head.eval()(x, label)
    assert torch.allclose(cosines, head.train()(x), atol=1e-12)
    assert cosines.abs().max() <= 64 + 1e-9


def test_arcface_gradient_stays_finite_at_the_centre():
    head = ArcFaceHead(4, 2)
    x = head.weight.detach().clone().requires_grad_()
    head(x, torch.tensor([0, 1])).sum().backward()
    assert x.grad.isfinite().all()


def test_embeddings_have_length_one():
    head = EmbeddingHead(8, 4)
    assert torch.allclose(head(torch.randn(3, 8)).norm(dim=1), torch.ones(3), atol=1e-5)
    head = EmbeddingHead(8, 4, normalize=False).eval()
    x = torch.randn(3, 8)
    assert torch.equal(head(x), head.proj(x))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ClassifierHead(8, 0), "num_classes: 0 is not positive"),
        (lambda: ClassifierHead(8, pooling="sum"), "pooling: 'sum' is not one of avg, max"),
        (lambda: ClassifierHead(8, norm="group"), "norm: 'group' is not one of none, layer, batch"),
        (lambda: TokenClassifierHead(8, 0), "num_classes: 0 is not positive"),
        (lambda: TokenClassifierHead(8, pooling="sum"), "pooling: 'sum'"),
        (lambda: TokenClassifierHead(8, norm="batch"), "norm: 'batch'"),
        (lambda: TokenClassifierHead(8, token=-1), "token: -1 is negative"),
        (lambda: TokenClassifierHead(8, token=3)(torch.zeros(1, 3, 8)), "token: 3 leaves nothing of 3 tokens"),
        (lambda: ArcFaceHead(8, 0), "num_classes: 0 is not positive"),
        (lambda: ArcFaceHead(8, scale=0), "scale: 0 is not positive"),
        (lambda: ArcFaceHead(8, margin=2), "margin: 2 is not from 0 to pi / 2"),
        (lambda: EmbeddingHead(8, 0), "embed_dim: 0 is not positive"),
    ],
)
def test_head_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()
