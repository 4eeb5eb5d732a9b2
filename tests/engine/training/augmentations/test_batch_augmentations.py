import pytest
import torch

from composer.engine.training.augmentations.cutmix import CutMix
from composer.engine.training.augmentations.erasing import Erasing
from composer.engine.training.augmentations.mixup import MixUp
from tests.engine.training.augmentations.tools import noise, ready, stream


def batch(count=8, shape=(3, 12, 16)):
    return {"image": noise(count, shape), "label": torch.arange(count) % 5}


@pytest.mark.parametrize("fill", ["noise", "mean"])
def test_erasing_removes_one_rectangle_of_the_declared_area(fill):
    erasing = ready(Erasing(0.5, 0.1, 0.3, fill), (1, 30, 40))
    images = torch.full((400, 1, 30, 40), 5.0)
    result = erasing.apply({"image": images, "label": torch.zeros(400)}, stream())["image"]
    erased = result[:, 0] != 5.0
    touched = erased.flatten(1).any(1)
    assert float(touched.float().mean()) == pytest.approx(0.5, abs=0.08)
    for mask in erased[touched]:
        rows, columns = mask.any(1).sum(), mask.any(0).sum()
        assert int(mask.sum()) == int(rows * columns)  # a full rectangle
        assert 0.08 < float(mask.float().mean()) < 0.33  # its sides are rounded to pixels
    values = result[:, 0][erased]
    if fill == "mean":
        assert not values.any()
    else:
        assert float(values.mean()) == pytest.approx(0.0, abs=0.02)
        assert float(values.std()) == pytest.approx(1.0, abs=0.02)
    assert torch.equal(images, torch.full((400, 1, 30, 40), 5.0))


def test_erasing_is_determined_by_its_source_of_randomness():
    erasing = ready(Erasing(1.0))
    first, again, other = (erasing.apply(batch(), stream(seed))["image"] for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_mixup_blends_images_and_labels_with_one_share():
    mixup = ready(MixUp(1.0), classes=5)
    samples = batch()
    mixed = mixup.apply(samples, stream(3))
    images, labels = samples["image"], torch.eye(5)[samples["label"]]
    share = float(mixed["label"][0, 0])  # sample 0 has class 0, and its partner, sample 7, class 2
    assert 0 < share < 1
    assert torch.allclose(mixed["image"], share * images + (1 - share) * images.flip(0), atol=1e-6)
    assert torch.allclose(mixed["label"], share * labels + (1 - share) * labels.flip(0), atol=1e-6)
    assert torch.allclose(mixed["label"].sum(1), torch.ones(8))


def test_shares_follow_the_beta_distribution():
    mixup = ready(MixUp(0.2), classes=2)
    pair = {"image": torch.tensor([0.0, 1.0]).view(2, 1, 1, 1), "label": torch.tensor([0, 1])}
    shares = torch.tensor([float(mixup.apply(pair, stream(seed))["label"][0, 0]) for seed in range(2000)])
    assert float(shares.mean()) == pytest.approx(0.5, abs=0.03)
    assert float(shares.var()) == pytest.approx(1 / (4 * (2 * 0.2 + 1)), abs=0.01)  # of Beta(a, a)


def test_the_label_of_cutmix_is_the_area():
    cutmix = ready(CutMix(1.0), classes=8)
    samples = {"image": noise(8), "label": torch.arange(8)}
    pasted = 0
    for seed in range(50):
        mixed = cutmix.apply(samples, stream(seed))
        own = (mixed["image"] == samples["image"]).all(1)
        other = (mixed["image"] == samples["image"].flip(0)).all(1)
        assert (own | other).all()
        area = (~own).float().mean(dim=(1, 2))
        assert mixed["label"].diagonal().tolist() == pytest.approx((1 - area).tolist(), abs=1e-6)
        assert mixed["label"].flip(1).diagonal().tolist() == pytest.approx(area.tolist(), abs=1e-6)
        assert torch.allclose(mixed["label"].sum(1), torch.ones(8))
        pasted += bool(area.any())
    assert pasted > 40


def test_areas_of_cutmix_are_evenly_distributed():
    cutmix = ready(CutMix(1.0), (3, 200, 200))
    areas = []
    for seed in range(1000):
        top, bottom, left, right = cutmix.rectangle((200, 200), stream(seed))
        areas.append((bottom - top) * (right - left) / 40_000)
    # Half is drawn on average; what lies beyond the border is lost. Computed by hand: with s = sqrt(1 - share), a side
    # keeps s - s^2 / 4 of itself on average over the centre, and E[(s - s^2 / 4)^2] = 1/2 - 1/5 + 1/48.
    assert sum(areas) / 1000 == pytest.approx(1 / 2 - 1 / 5 + 1 / 48, abs=0.02)


@pytest.mark.parametrize("kind", [MixUp, CutMix])
def test_the_probability_is_the_share_of_mixed_batches(kind):
    mixing = ready(kind(1.0, probability=0.25), classes=5)
    labels = [mixing.apply(batch(), stream(seed))["label"] for seed in range(400)]
    assert sum(label.ndim == 2 for label in labels) / 400 == pytest.approx(0.25, abs=0.06)


@pytest.mark.parametrize("kind", [MixUp, CutMix])
def test_labels_that_are_probabilities_are_mixed_again(kind):
    soft = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.2, 0.8]])
    mixed = ready(kind(1.0), classes=3).apply({"image": noise(2), "label": soft}, stream(1))["label"]
    assert torch.allclose(mixed.sum(1), torch.ones(2))
    assert torch.allclose(mixed.sum(0), soft.sum(0))
