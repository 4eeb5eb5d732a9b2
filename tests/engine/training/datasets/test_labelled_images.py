"""Arrays of images as datasets: statistics, parts, channels and proportions."""

import numpy as np
import pytest
import torch
from PIL import Image

from composer.core.errors import UserError
from composer.engine.training.datasets.image_fit import fit_image
from composer.engine.training.datasets.labelled_images import (
    ImagePart,
    byte_statistics,
    fit_proportions,
    load_images,
    to_grey,
)
from composer.engine.training.datasets.parts import complete_parts

RNG = np.random.RandomState(0)


def part(count: int, height: int = 6, width: int = 6, channels: int = 3) -> ImagePart:
    images = RNG.randint(0, 256, (count, height, width, channels)).astype(np.uint8)
    return ImagePart(images, np.arange(count) % 4)


def test_statistics_are_those_of_all_pixels() -> None:
    images = part(2500, 3, 5).images
    mean, std = byte_statistics(images)
    pixels = images.astype(np.float64) / 255
    assert mean == pytest.approx(pixels.mean((0, 1, 2)), abs=1e-12)
    assert std == pytest.approx(pixels.std((0, 1, 2)), abs=1e-12)
    assert byte_statistics(np.zeros((2, 2, 2, 1), np.uint8)) == ((0.0,), (1e-6,))


def test_missing_parts_are_held_out_of_the_training_part_by_class() -> None:
    parts = complete_parts({"train": part(400)}, 0.1, 0.2, seed=0)
    assert {name: len(content.labels) for name, content in parts.items()} == {"train": 288, "val": 32, "test": 80}
    assert all(len(set(np.bincount(content.labels))) == 1 for content in parts.values())
    rows = np.concatenate([content.images.reshape(len(content.images), -1) for content in parts.values()])
    assert len(np.unique(rows, axis=0)) == 400, "no sample is in two parts, none is lost"
    whole = {"train": part(40), "val": part(8), "test": part(4)}
    assert complete_parts(whole, 0.1, 0.2, seed=0) == whole
    assert list(complete_parts({"train": part(40)}, 0.1, 0, seed=0)) == ["train", "val"]


def test_a_limit_takes_the_same_mixed_samples_every_time() -> None:
    whole = ImagePart(part(100).images, np.arange(100), [f"file {n}" for n in range(100)])
    few = whole.first(20)
    assert (few.labels == whole.first(20).labels).all() and few.labels.max() > 50
    assert few.names == [f"file {n}" for n in few.labels.tolist()]
    assert (few.images == whole.images[few.labels]).all()
    assert whole.first(0) is whole and whole.first(100) is whole
    named = ImagePart(whole.images[:8], np.arange(8) // 4, [f"file {n}" for n in range(8)])
    parts = complete_parts({"train": named}, 0.5, 0, seed=0)
    assert len(parts["val"].names) == 4 and sorted([*parts["train"].names, *parts["val"].names]) == named.names
    lonely = ImagePart(whole.images[:8], np.arange(8))
    with pytest.raises(UserError, match="8 samples are too few to hold out 10% of each class for val; raise val_share"):
        complete_parts({"train": lonely}, 0.1, 0, seed=0)


@pytest.mark.parametrize("size", [(6, 6), (12, 4), (4, 12), (5, 3)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_proportions_are_those_of_the_images_that_users_open(size: tuple[int, int], fit: str) -> None:
    """The same rule as for a file of the user's, which `fit_image` fits."""
    flat = np.full((1, 30, 48, 1), 200, np.uint8)
    flat[:, 6:12, 12:24] = 40
    ours = fit_proportions(flat, size, fit)[0, ..., 0]  # type: ignore[arg-type]
    theirs, _ = fit_image(Image.fromarray(flat[0, ..., 0]), size, fit)  # type: ignore[arg-type]
    shrunk = Image.fromarray(ours).resize(size, Image.Resampling.BOX)
    assert np.abs(np.asarray(shrunk).astype(int) - np.asarray(theirs)).mean() < 25
    if fit != "stretch":
        assert abs(ours.shape[1] / ours.shape[0] - size[0] / size[1]) < 0.1 * size[0] / size[1]


def test_colours_become_grey_where_the_input_has_one_channel() -> None:
    parts = {"train": part(40), "val": part(8)}
    grey = load_images("x", parts, ("a", "b", "c", "d"), (1, 6, 6))
    assert grey.train.take(slice(2))["image"].shape == (2, 1, 6, 6) and grey.facts.channels == 3
    pixels = grey.image_format().denormalize(grey.train.take(slice(3))["image"])
    expected = np.asarray(Image.fromarray(parts["train"].images[2]).convert("L")) / 255
    assert torch.allclose(pixels[2, 0], torch.from_numpy(expected).float(), atol=1.01 / 255)
    assert to_grey(parts["val"].images[..., :1]).shape == (8, 6, 6, 1)


def test_images_reach_the_network_normalized_with_their_labels_and_fields() -> None:
    content = part(40)
    boxes = RNG.rand(40, 4).astype(np.float32)
    parts = {"train": ImagePart(content.images, content.labels, extra={"box": boxes}), "val": part(8)}
    data = load_images("x", parts, ("a", "b", "c", "d"), (3, 6, 6), notes=("a note",))
    batch = data.train.take(torch.tensor([7, 3]))
    assert batch["label"].tolist() == [3, 3] and torch.equal(batch["box"], torch.from_numpy(boxes[[7, 3]]))
    pixels = data.image_format().denormalize(batch["image"]).permute(0, 2, 3, 1) * 255
    assert (pixels.round().numpy() == content.images[[7, 3]]).all()
    whole = data.train.take(slice(None))["image"]
    assert whole.mean((0, 2, 3)).abs().max() < 1e-5 and (whole.std((0, 2, 3)) - 1).abs().max() < 1e-3
    assert data.facts.notes == ("a note",) and data.facts.classes == ("a", "b", "c", "d")
    assert data.facts.parts["train"].class_counts == (10, 10, 10, 10) and data.test is None
