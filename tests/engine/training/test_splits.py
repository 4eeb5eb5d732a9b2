"""Samples in memory: 8 bits until a batch is taken."""

import pytest
import torch

from composer.core.errors import DesignError
from composer.core.files.design_file import loads
from composer.engine.training.data.inputs import check_fields
from composer.engine.training.datasets import LoadedDataset
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit
from tests.engine.designs import tiny


def colours(*shape: int, count: int = 6) -> torch.Tensor:
    return torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_images_of_8_bits_are_normalized_when_taken():
    pixels, form = colours(3, 4, 5), ImageFormat((3, 4, 5), (0.1, 0.2, 0.3), (0.5, 0.6, 0.7))
    split = MemorySplit({"image": pixels, "label": torch.arange(6)}, form, "val")
    batch = split.take(torch.tensor([4, 1]))
    assert split.tensors["image"].dtype == torch.uint8
    assert torch.allclose(batch["image"], form.normalize(pixels[[4, 1]].float() / 255))
    assert batch["label"].tolist() == [4, 1]
    assert (len(split), split.fields, split.name(3)) == (6, ("image", "label"), "val 3")
    assert split.sample_bytes() == 3 * 4 * 5 * 4 + 8
    assert split.labels is not None and split.class_counts(7) == (1, 1, 1, 1, 1, 1, 0)


@pytest.mark.parametrize(("stored", "wanted"), [(1, 1), (1, 3), (1, 5), (3, 3), (3, 1)])
def test_channels_become_those_of_the_network(stored: int, wanted: int):
    pixels, form = colours(stored, 4, 4), ImageFormat((wanted, 8, 6), (0.5,), (0.25,))
    images = MemorySplit({"image": pixels}, form).take(slice(None))["image"]
    assert images.shape == (6, wanted, 8, 6)
    assert (images == images[:, :1]).all() == (stored == 1 or wanted == 1)


def test_batches_follow_the_order():
    split = MemorySplit({"x": torch.arange(10)})
    order = torch.arange(9, -1, -1)
    assert [part["x"].tolist() for part in split.batches(order, [(0, 3), (7, 10)])] == [[9, 8, 7], [2, 1, 0]]


def test_facts_come_from_the_splits():
    pixels, labels = colours(3, 4, 8), torch.tensor([0, 1, 1, 0, 1, 1])
    form = ImageFormat((1, 4, 4), (0.5,), (0.2,), fit="pad")
    parts = {name: MemorySplit({"image": pixels[rows], "label": labels[rows]}, form, name) for name, rows in PARTS}
    data = LoadedDataset(name="x", classes=("a", "b"), image=form, **parts)
    facts = data.facts
    assert {name: (part.count, part.class_counts) for name, part in facts.parts.items()} == {
        "train": (3, (1, 2)),
        "val": (2, (1, 1)),
        "test": (1, (0, 1)),
    }
    assert (facts.channels, facts.sizes, facts.fit, facts.mean) == (3, ((8, 4),) * 3, "pad", (0.5,))
    assert (facts.fields["image"].shape, facts.fields["label"].dtype) == (None, "int64")
    changed = MemorySplit({"image": pixels[:3] // 2, "label": labels[:3]}, form, "train")
    other = LoadedDataset(name="x", classes=("a", "b"), image=form, **{**parts, "train": changed})
    assert other.facts.digest != facts.digest
    assert LoadedDataset(name="x", classes=("a", "b"), image=form, **parts).facts.digest == facts.digest


PARTS = (("train", slice(3)), ("val", slice(3, 5)), ("test", slice(5, 6)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image": torch.zeros(2, 1, 9, 8)}, r"'image' is \[1, 8, 8\] float32, but .* is \[1, 9, 8\] float32"),
        ({"image": torch.zeros(2, 1, 8, 8, dtype=torch.int64)}, r"is \[1, 8, 8\] int64; give the input"),
        ({"tokens": torch.zeros(2, 4)}, "has no field 'image'; its fields are: tokens"),
    ],
)
def test_a_field_that_does_not_fit_its_input_is_one_sentence(fields, message):
    with pytest.raises(DesignError, match=message):
        check_fields(tiny(), MemorySplit(fields))


def test_fields_that_fit_pass():
    check_fields(tiny(), MemorySplit({"image": torch.zeros(2, 1, 8, 8)}))
    design = loads("format: 1\ninputs: {label: {shape: [], dtype: int64}, image: {shape: [1, 8, 8]}}\n")
    check_fields(design, MemorySplit({"image": torch.zeros(2, 1, 8, 8), "label": torch.arange(2)}))
