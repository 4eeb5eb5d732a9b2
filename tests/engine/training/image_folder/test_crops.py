"""A random crop of an image in a file is taken from the file, at its full resolution."""

import numpy as np
import pytest
import torch
from PIL import Image

from composer.core.graph import ExtensionRef, Training
from composer.engine.training.data import batches
from composer.engine.training.data.augmenter import make_augmenter
from composer.engine.training.data.batches import epoch_batches
from composer.engine.training.datasets import load
from composer.engine.training.datasets.image_fit import WHOLE, fit_image, fit_part

SIDE = 16


def ramp(width: int, height: int) -> Image.Image:
    """Red is the position from left to right, green from top to bottom, blue stripes of 5 pixels."""
    across = np.linspace(0, 255, width)[None, :].repeat(height, 0)
    down = np.linspace(0, 255, height)[:, None].repeat(width, 1)
    stripes = (np.arange(width) // 5 % 2 * 255.0)[None, :].repeat(height, 0)
    return Image.fromarray(np.stack([across, down, stripes], axis=2).round().astype(np.uint8))


@pytest.fixture
def folder(tmp_path):
    for number in range(12):
        path = tmp_path / "ab"[number % 2]
        path.mkdir(exist_ok=True)
        ramp(160 + 10 * number, 120).save(path / f"{number}.png")
    return tmp_path


def data(folder, **options):
    return load(ExtensionRef("images", {"folder": str(folder), **options}), {"image": (3, SIDE, SIDE)})


CROP = (ExtensionRef("crop", {"min_scale": 0.05, "max_scale": 0.15}),)


def epoch(loaded, augment=CROP, **more):
    augmenter = make_augmenter(Training(augment=augment), loaded, ("image",))
    return list(epoch_batches(loaded.train, 4, 0, 1, augmenter, **more))


def pixels(loaded, batch):
    return loaded.image.denormalize(batch["image"])


def test_files_show_the_same_part_as_memory_with_more_detail(folder):
    stored, files = data(folder, cache="memory"), data(folder, cache="files")
    for coarse, fine in zip(epoch(stored), epoch(files), strict=True):
        assert torch.equal(coarse["label"], fine["label"])
        coarse, fine = pixels(stored, coarse), pixels(files, fine)
        inside = (slice(None), slice(0, 2), slice(2, -2), slice(2, -2))
        assert float((coarse[inside] - fine[inside]).abs().max()) < 0.02  # positions
        # At the size of the input stripes are grey, in a crop of the file they are there.
        assert float(fine[:, 2].std()) > 0.2 > 4 * float(coarse[:, 2].std())


def test_a_part_is_a_share_of_what_the_network_sees():
    image = ramp(200, 100)  # the centre, 50 to 150, is what it sees
    part = np.asarray(fit_part(image, (SIDE, SIDE), "crop", (0.25, 0.5, 0.5, 0.25)))
    expected_across = (50 + 100 * (0.25 + 0.5 * (np.arange(SIDE) + 0.5) / SIDE)) / 200 * 255
    expected_down = (0.5 + 0.25 * (np.arange(SIDE) + 0.5) / SIDE) * 255
    assert np.abs(part[8, :, 0] - expected_across).max() < 2
    assert np.abs(part[:, 8, 1] - expected_down).max() < 2
    whole = np.asarray(fit_part(image, (SIDE, SIDE), "crop", WHOLE)).astype(int)
    assert np.abs(whole - np.asarray(fit_image(image, (SIDE, SIDE), "crop")[0]))[:, :, :2].max() <= 2
    stretched = np.asarray(fit_part(image, (SIDE, SIDE), "stretch", (0.0, 0.0, 0.5, 1.0)))
    assert stretched[:, :, 0].max() < 130


@pytest.mark.parametrize("chunk_bytes", [1, 2**25])
def test_crops_depend_on_seed_epoch_and_batch_alone(folder, chunk_bytes, monkeypatch):
    augment = tuple(ExtensionRef(name) for name in ("flip", "crop", "rand_augment", "mixup"))
    monkeypatch.setattr(batches, "CHUNK_BYTES", chunk_bytes)
    whole = epoch(data(folder, cache="files", workers=3), augment)
    single = epoch(data(folder, cache="files", workers=1), augment)
    resumed = epoch(data(folder, cache="files", workers=2), augment, start=1)
    for a, b in [*zip(whole, single, strict=True), *zip(whole[1:], resumed, strict=True)]:
        assert torch.equal(a["image"], b["image"]) and torch.equal(a["label"], b["label"])


def test_images_with_bars_are_cropped_in_the_input(folder):
    loaded = data(folder, cache="files", fit="pad")
    assert loaded.train.with_parts(lambda _: torch.zeros(1, 4)) is None
    assert sum(len(batch["label"]) for batch in epoch(loaded)) == len(loaded.train)


def test_validation_sees_whole_images(folder):
    loaded = data(folder, cache="files")
    before = loaded.val.take(slice(None))["image"]
    epoch(loaded)
    assert torch.equal(loaded.val.take(slice(None))["image"], before)
