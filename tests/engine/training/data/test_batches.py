import pytest
import torch

from composer.core.graph import ExtensionRef, Training
from composer.engine.training.augmentations.affine import Affine
from composer.engine.training.augmentations.warping import warp
from composer.engine.training.data import batches
from composer.engine.training.data.augmenter import make_augmenter
from composer.engine.training.data.batches import batch_bounds, epoch_batches
from composer.engine.training.datasets import LoadedDataset, load


@pytest.fixture(scope="module")
def digits() -> LoadedDataset:
    return load(ExtensionRef("digits"), {"image": (1, 16, 16)})


@pytest.fixture(scope="module")
def affine(digits):
    return make_augmenter(Training(augment=(ExtensionRef("affine"),)), digits, ("image",))


def test_an_epoch_depends_on_seed_and_number_alone(digits, affine):
    def epoch(*numbers, **more):
        return [
            (batch["image"].sum().item(), batch["label"].tolist())
            for batch in epoch_batches(digits.train, 100, *numbers, affine, **more)
        ]

    assert epoch(0, 1) == epoch(0, 1)
    assert epoch(0, 1) != epoch(0, 2)
    assert epoch(0, 1) != epoch(1, 1)
    tail = epoch(0, 1, start=4)
    assert [labels for _, labels in tail] == [labels for _, labels in epoch(0, 1)[4:]]
    assert [total for total, _ in tail] == pytest.approx([total for total, _ in epoch(0, 1)[4:]])


def test_chunks_do_not_change_the_batches(digits, affine, monkeypatch):
    whole = list(epoch_batches(digits.train, 64, 3, 2, affine))
    monkeypatch.setattr(batches, "CHUNK_BYTES", 1)
    single = list(epoch_batches(digits.train, 64, 3, 2, affine))
    assert len(whole) == len(single) == 23
    for a, b in zip(whole, single, strict=True):
        assert torch.allclose(a["image"], b["image"], atol=1e-6)
        assert torch.equal(a["label"], b["label"])


def test_every_image_comes_once(digits):
    seen = torch.cat([batch["image"].flatten(1) for batch in epoch_batches(digits.train, 64, 0, 1, None)])
    images = digits.train.take(slice(None))["image"]
    assert torch.equal(seen.sum(1).sort().values, images.flatten(1).sum(1).sort().values)


def test_no_batch_is_a_single_image():
    assert batch_bounds(129, 64) == [(0, 64), (64, 129)]
    assert batch_bounds(130, 64) == [(0, 64), (64, 128), (128, 130)]
    assert batch_bounds(1, 64) == [(0, 1)]


def test_augmentation_moves_a_little_and_the_identity_nothing(digits):
    images = digits.train.take(slice(None))["image"][:50]
    still = torch.eye(2, 3).expand(50, 2, 3)
    assert torch.allclose(warp(images, still), images, atol=1e-5)
    moved = Affine().apply(images, Affine().draw(50, torch.Generator().manual_seed(0)))
    assert moved.shape == images.shape
    change = (moved - images).flatten(1).norm(dim=1) / images.flatten(1).norm(dim=1)
    assert float(change.min()) > 0.05
    assert float(change.max()) < 1.0
