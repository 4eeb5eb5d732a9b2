import subprocess
import sys

import pytest
import torch

from composer.core import training_extensions
from composer.core.errors import UserError
from composer.core.graph import ExtensionRef, Training
from composer.core.training_extensions import STAGES, augmentations
from composer.engine.training.data import batches
from composer.engine.training.data.augmenter import make_augmenter
from composer.engine.training.data.batches import epoch_batches
from composer.engine.training.datasets import LoadedDataset, load
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.splits import MemorySplit

# One that changes every batch in each stage; the affine map draws once per epoch.
EVERYTHING = ("affine", "flip", "crop", "rand_augment", "color", "erasing", "mixup", "cutmix")


@pytest.fixture(scope="module")
def digits() -> LoadedDataset:
    return load(ExtensionRef("digits"), {"image": (1, 16, 16)})


def colourful(channels: int = 3, classes: int = 4, **fields: torch.Tensor) -> LoadedDataset:
    """A dataset of random images, and other fields."""
    generator = torch.Generator().manual_seed(0)
    mean, std = (0.4, 0.5, 0.6, 0.5)[:channels], (0.2, 0.3, 0.25, 0.2)[:channels]
    image = ImageFormat((channels, 8, 8), mean, std)
    images = image.normalize(torch.rand(40, channels, 8, 8, generator=generator))
    split = MemorySplit({"image": images, "label": torch.arange(40) % max(classes, 1), **fields})
    return LoadedDataset(name="colourful", train=split, val=split, classes=tuple("abcd"[:classes]), image=image)


def augmenter(data, *names, inputs=("image",), **options):
    references = tuple(ExtensionRef(name, options.get(name, {})) for name in names)
    return make_augmenter(Training(augment=references), data, inputs)


def epoch(data, names, number=1, seed=0, size=8, **more):
    return list(epoch_batches(data.train, size, seed, number, augmenter(data, *names), **more))


def equal(a, b):
    return all(
        first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
        for first, second in zip(a, b, strict=True)
    )


def test_each_file_declares_a_stage_and_an_order():
    for name, declaration in augmentations().items():
        assert not declaration.problem, name
        assert declaration.values["stage"] in STAGES, name
    assert "warping" not in augmentations()
    orders = [declaration.values["order"] for declaration in augmentations().values()]
    assert orders == sorted(orders)


def test_a_file_without_a_stage_is_an_entry_with_its_reason(tmp_path, monkeypatch):
    folder = tmp_path / "augmentations"
    folder.mkdir()
    text = '@augmentation(title="Swirl", order=1, stage="later")\nclass Swirl:\n    """Swirl."""\n'
    (folder / "swirl.py").write_text(text)
    monkeypatch.setattr(training_extensions, "FOLDER", tmp_path)
    problem = training_extensions.augmentations.__wrapped__()["swirl"].problem
    assert problem == "swirl.py: @augmentation needs an order and a stage, one of: geometry, pixels, batch, mix"


@pytest.mark.parametrize("name", sorted(augmentations()))
def test_an_augmentation_changes_batches_and_nothing_else(name):
    data = colourful()
    before = {field: tensor.clone() for field, tensor in data.train.tensors.items()}
    state = torch.get_rng_state()
    options = {"solarize": {"probability": 1.0}, "grayscale": {"probability": 1.0}, "erasing": {"probability": 1.0}}
    changed = list(epoch_batches(data.train, 8, 0, 1, augmenter(data, name, **options)))
    plain = list(epoch_batches(data.train, 8, 0, 1, None))
    # Dropout would draw other numbers if the random state of torch changed.
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(data.train.tensors[field], tensor) for field, tensor in before.items())
    for batch, original in zip(changed, plain, strict=True):
        assert batch["image"].shape == original["image"].shape
        assert batch["image"].dtype == torch.float32
        assert batch["image"].isfinite().all()
        assert not torch.equal(batch["image"], original["image"])
        if augmentations()[name].values["stage"] != "mix":
            assert torch.equal(batch["label"], original["label"])
        if augmentations()[name].values["stage"] in ("geometry", "pixels"):
            mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (data.image.mean, data.image.std))
            pixels = batch["image"] * std + mean
            assert float(pixels.min()) > -1e-5 and float(pixels.max()) < 1 + 1e-5


def test_an_epoch_depends_on_seed_and_number_alone():
    data = colourful()
    assert equal(epoch(data, EVERYTHING), epoch(data, EVERYTHING))
    assert not equal(epoch(data, EVERYTHING), epoch(data, EVERYTHING, number=2))
    assert not equal(epoch(data, EVERYTHING), epoch(data, EVERYTHING, seed=1))


def test_batches_of_an_epoch_differ():
    data = colourful()
    data.train.tensors["image"][:] = data.train.tensors["image"][:1].clone()
    for name in ("crop", "rand_augment", "erasing"):
        first, second = epoch(data, (name,), size=20)
        assert not torch.equal(first["image"], second["image"])


@pytest.mark.parametrize("start", [1, 3, 4])
@pytest.mark.parametrize("chunk_bytes", [1, 2**14, 2**25])
def test_a_resumed_epoch_continues_bit_by_bit(start, chunk_bytes, monkeypatch):
    data = colourful()
    monkeypatch.setattr(batches, "CHUNK_BYTES", chunk_bytes)
    assert equal(epoch(data, EVERYTHING, start=start), epoch(data, EVERYTHING)[start:])


def test_chunks_do_not_change_the_batches(monkeypatch):
    data = colourful()
    whole = epoch(data, EVERYTHING)
    monkeypatch.setattr(batches, "CHUNK_BYTES", 1)
    for a, b in zip(whole, epoch(data, EVERYTHING), strict=True):
        assert torch.allclose(a["image"], b["image"], atol=1e-5)
        assert torch.equal(a["label"], b["label"])


def test_one_augmentation_does_not_change_what_another_draws():
    data = colourful()
    with_flip = epoch(data, ("flip", "mixup"))
    alone = epoch(data, ("mixup",))
    assert all(torch.equal(a["label"], b["label"]) for a, b in zip(with_flip, alone, strict=True))
    assert not equal(with_flip, alone)


def test_the_order_of_the_list_does_not_matter():
    data = colourful()
    assert equal(epoch(data, EVERYTHING), epoch(data, EVERYTHING[::-1]))


def test_each_batch_uses_mixup_or_cutmix():
    data = colourful()
    blended = 0
    for number in range(1, 41):
        (batch,) = epoch(data, ("mixup", "cutmix"), number, size=40)
        (original,) = epoch(data, (), number, size=40)
        own = batch["image"] == original["image"]
        other = batch["image"] == original["image"].flip(0)
        blended += not bool((own | other).all())
    assert 10 < blended < 30


def test_boxes_follow_or_disappear():
    boxes = torch.tensor([[0.125, 0.25, 0.5, 0.625]]).expand(40, -1).clone()
    data = colourful(box=boxes)
    (flipped,) = epoch_batches(data.train, 40, 0, 1, augmenter(data, "flip", "color", flip={"horizontal": 1.0}))
    assert torch.equal(flipped["box"], torch.tensor([[0.5, 0.25, 0.875, 0.625]]).expand(40, -1))
    assert "box" not in epoch(data, ("mixup",))[0]
    for name in ("affine", "rand_augment"):
        assert "box" not in epoch(data, (name,))[0]
        with pytest.raises(UserError, match=f"which are unknown after augmentation {name}; remove {name}"):
            augmenter(data, "flip", name, inputs=("image", "box"))


def test_what_does_not_fit_is_refused():
    with pytest.raises(UserError, match="color changes colours, so it needs 1 or 3 channels, but the images have 2"):
        augmenter(colourful(2), "color")
    assert augmenter(colourful(2), "crop", "flip", "blur", "erasing", "mixup") is not None
    with pytest.raises(UserError, match="mixup mixes classes, but the data has none"):
        augmenter(colourful(classes=0), "mixup")
    with pytest.raises(UserError, match="cutmix mixes images and labels, but the design also takes in context"):
        augmenter(colourful(), "cutmix", inputs=("image", "context"))
    with pytest.raises(UserError, match="augment 'swirl' is unknown"):
        augmenter(colourful(), "swirl")
    with pytest.raises(UserError, match=r"augment.*magnitude is 11"):
        augmenter(colourful(), "rand_augment", rand_augment={"magnitude": 11.0})


def test_nothing_to_augment_is_no_augmenter(digits):
    assert augmenter(digits) is None
    tokens = MemorySplit({"tokens": torch.zeros(4, 3)})
    assert augmenter(LoadedDataset(name="words", train=tokens, val=tokens), "affine") is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", sorted(augmentations()))
def test_a_gpu_sees_the_same_images(name):
    data = colourful()
    options = {"erasing": {"probability": 1.0, "fill": "mean"}}
    changes = augmenter(data, name, **options)
    on_gpu = list(epoch_batches(data.train.to(torch.device("cuda")), 8, 0, 1, changes))
    for batch, other in zip(epoch_batches(data.train, 8, 0, 1, changes), on_gpu, strict=True):
        assert torch.allclose(batch["image"], other["image"].cpu(), atol=1e-3)
        assert torch.allclose(batch["label"].float(), other["label"].cpu().float())


def test_kornia_is_imported_only_where_it_is_used():
    script = """
import sys
from composer.core.graph import ExtensionRef, Training
from composer.engine.training.data.augmenter import make_augmenter
from composer.engine.training.data.batches import epoch_batches
from composer.engine.training.datasets import load
import composer.engine.training.loop
data = load(ExtensionRef("digits"), {"image": (1, 8, 8)})
for names in ((), ("affine", "flip", "crop", "erasing", "mixup"), ("rand_augment",)):
    augmenter = make_augmenter(Training(augment=tuple(map(ExtensionRef, names))), data, ("image",))
    next(epoch_batches(data.train, 64, 0, 1, augmenter))
    print("kornia" in sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "False", "True"]


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 5), (3, 2, 3), (1, 3, 2), (3, 17, 33)])
def test_images_of_any_size_are_augmented(shape):
    image = ImageFormat(shape, (0.5,) * shape[0], (0.25,) * shape[0])
    pixels = torch.randint(256, (6, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    split = MemorySplit({"image": pixels, "label": torch.arange(6) % 2}, image)
    data = LoadedDataset(name="noise", train=split, val=split, classes=("a", "b"), image=image)
    for name in augmentations():
        shares = [spec.name for spec in augmentations()[name].options if spec.range == (0, 1)]
        options = dict.fromkeys({"probability", "horizontal", "vertical"} & set(shares), 1.0)
        for number in range(1, 6):
            for batch in epoch_batches(split, 3, 0, number, augmenter(data, name, **{name: options})):
                assert batch["image"].shape == (3, *shape), name
                assert batch["image"].isfinite().all(), name
