"""The source `images`: any image, broken files named, the same pixels from memory and from files."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from composer.core.errors import UserError
from composer.core.extension_text import parse_reference
from composer.core.graph import ExtensionRef
from composer.engine.training.data.batches import epoch_batches, ordered_batches
from composer.engine.training.datasets import LoadedDataset, load, load_facts
from composer.engine.training.datasets.image_folder import scan as scan_module
from composer.engine.training.datasets.image_folder import statistics
from composer.engine.training.datasets.image_folder.file_split import FileSplit
from composer.engine.training.datasets.image_folder.scan import ScannedImage
from composer.engine.training.datasets.splits import MemorySplit
from tests.engine.training.image_folder.pictures import pets, picture, write


def images(folder: Path, **options: object) -> ExtensionRef:
    return ExtensionRef("images", {"folder": str(folder), **options})  # type: ignore[dict-item]


def loaded(folder: Path, shape: tuple[int, ...] = (3, 6, 8), **options: object) -> LoadedDataset:
    return load(images(folder, **options), {"image": shape})


def test_a_folder_becomes_training_and_validation_parts_by_class(tmp_path):
    data = loaded(pets(tmp_path))
    assert data.classes == ("cat", "dog")
    assert {name: (part.count, part.class_counts) for name, part in data.facts.parts.items()} == {
        "train": (16, (8, 8)),
        "val": (4, (2, 2)),
    }
    assert isinstance(data.train, MemorySplit) and data.train.tensors["image"].dtype == torch.uint8
    assert data.facts.sizes == ((12, 10),) * 3
    assert (data.facts.channels, data.facts.fit, data.facts.broken) == (3, "crop", ())
    assert data.facts.source == f"images:{tmp_path}"
    pixels = data.image_format().denormalize(data.train.take(slice(None))["image"])
    assert data.facts.mean == pytest.approx(pixels.double().mean((0, 2, 3)).tolist(), abs=1e-4)
    name = data.val.name(1)
    assert name.startswith("cat/") and name not in {data.train.name(number) for number in range(16)}
    whole = picture(int(name[4:6])).crop((0, 0, 12, 9)).resize((8, 6), Image.Resampling.BICUBIC)
    assert np.array_equal(np.asarray(whole), (data.val.tensors["image"][1]).permute(1, 2, 0).numpy())  # type: ignore[attr-defined]


def test_parts_and_shares(tmp_path):
    assert {
        name: part.count for name, part in load_facts(images(pets(tmp_path / "a"), test_share=0.3)).parts.items()
    } == {
        "train": 10,
        "val": 4,
        "test": 6,
    }
    root = tmp_path / "b"
    for part, count in (("train", 5), ("test", 2)):
        pets(root / part, count)
    data = loaded(root)
    assert {name: part.count for name, part in data.facts.parts.items()} == {"train": 8, "val": 2, "test": 4}
    assert data.test is not None and data.test.name(3) == "test/dog/01.png"


def test_other_seeds_hold_out_other_images(tmp_path):
    pets(tmp_path)

    def names(**options):
        split = loaded(tmp_path, **options).val
        return [split.name(number) for number in range(len(split))]

    assert names() == names(split_seed=0) != names(split_seed=1)


@pytest.mark.parametrize("shape", [(3, 6, 8), (1, 9, 9), (3, 40, 30)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_files_and_memory_give_the_same_batches(tmp_path, shape, fit):
    """Whatever the number of threads, the batches and the statistics are equal to the bit."""
    pets(tmp_path)
    write(tmp_path, (f"cat/x{number}.jpg" for number in range(3)))
    memory = loaded(tmp_path, shape, fit=fit, cache="memory")
    assert isinstance(memory.train, MemorySplit)
    for workers in (1, 3):
        files = loaded(tmp_path, shape, fit=fit, cache="files", workers=workers)
        assert isinstance(files.train, FileSplit)
        assert files.image == memory.image
        assert replace(files.facts, source="") == replace(memory.facts, source="")
        assert files.train.sample_bytes() == memory.train.sample_bytes()
        for epoch in (1, 2):
            pairs = zip(
                epoch_batches(files.train, 4, 7, epoch, None),
                epoch_batches(memory.train, 4, 7, epoch, None),
                strict=True,
            )
            for a, b in pairs:
                assert torch.equal(a["image"], b["image"])
                assert torch.equal(a["label"], b["label"])
        for a, b in zip(ordered_batches(files.val, 3), ordered_batches(memory.val, 3), strict=True):
            assert torch.equal(a["image"], b["image"])


def test_giving_up_an_epoch_leaves_the_split_usable(tmp_path):
    files = loaded(pets(tmp_path), cache="files", workers=2)
    batches = epoch_batches(files.train, 2, 0, 1, None)
    first = next(batches)
    batches.close()  # type: ignore[attr-defined]
    again = next(epoch_batches(files.train, 2, 0, 1, None))
    assert torch.equal(first["image"], again["image"])


def test_any_mode_and_orientation(tmp_path):
    pets(tmp_path, 2)
    modes = {"L": "png", "P": "png", "1": "png", "RGBA": "png", "LA": "png", "CMYK": "jpg", "I;16": "png", "F": "tif"}
    for mode, suffix in modes.items():
        picture(3).convert("L" if mode in ("I;16", "F") else "RGB").convert(mode).save(
            tmp_path / "cat" / f"{mode.replace(';', '')}.{suffix}"
        )
    turned = picture(5, 12, 10)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "dog" / "turned.jpg", exif=exif)
    facts = load_facts(images(tmp_path))
    assert facts.broken == ()
    assert facts.count == 4 + len(modes) + 1
    assert facts.sizes == ((10, 12), (12, 10), (12, 10))
    grey = write(tmp_path / "grey", ())
    for name in ("a", "b"):
        for number in range(2):
            (grey / name).mkdir(parents=True, exist_ok=True)
            picture(number, mode="L").save(grey / name / f"{number}.png")
    assert load_facts(images(grey)).channels == 1
    assert loaded(grey, (5, 4, 4)).train.take(slice(1))["image"].shape == (1, 5, 4, 4)  # grey is repeated


def break_files(root: Path) -> dict[str, str]:
    """Break files in the ways of disks and downloads; return name and reason."""
    cat = root / "cat"
    (cat / "empty.png").write_bytes(b"")
    (cat / "text.jpg").write_text("<html>404</html>")
    picture(1, 200, 200).save(cat / "cut.jpg")
    (cat / "cut.jpg").write_bytes((cat / "cut.jpg").read_bytes()[:3000])
    picture(1, 200, 200).save(cat / "flipped.png")
    content = bytearray((cat / "flipped.png").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (cat / "flipped.png").write_bytes(content)
    Image.fromarray(np.full((4, 4), np.nan, np.float32)).save(cat / "nan.tif")
    return {
        "cat/cut.jpg": "cannot be read as an image (image file is truncated",
        "cat/empty.png": "cannot be read as an image",
        "cat/flipped.png": "cannot be read as an image",
        "cat/nan.tif": "none of its 16 pixels is a finite number",
        "cat/text.jpg": "cannot be read as an image",
    }


@pytest.mark.parametrize("cache", ["memory", "files"])
def test_broken_files_are_named_and_skipped(tmp_path, cache):
    reasons = break_files(pets(tmp_path))
    values = np.ones((4, 4), np.float32)
    values[0, 0] = np.inf
    Image.fromarray(values).save(tmp_path / "dog" / "infinite.tif")
    data = loaded(tmp_path, cache=cache)
    assert len(data.train) + len(data.val) == 21
    broken = dict(data.facts.broken)
    assert broken.keys() == reasons.keys()
    assert all(reasons[name] in broken[name] for name in reasons)
    assert any(note.startswith("dog/infinite.tif: 1 of 16 pixels is not a finite number") for note in data.facts.notes)


def test_a_file_that_breaks_later_is_named(tmp_path):
    data = loaded(pets(tmp_path), cache="files", workers=2)
    victim = tmp_path / data.train.name(5)
    victim.write_bytes(b"")
    with pytest.raises(UserError, match=rf"{data.train.name(5)}: cannot be read as an image; it was readable before"):
        list(epoch_batches(data.train, 4, 0, 1, None))
    victim.unlink()
    with pytest.raises(UserError, match=r"file not found; it was readable before, repair it and resume"):
        list(epoch_batches(data.train, 4, 0, 1, None))


def test_files_are_scanned_once_until_they_change(tmp_path, monkeypatch):
    pets(tmp_path, 3)
    scanned: list[str] = []
    original = scan_module.scan_file

    def counting(path: Path) -> ScannedImage:
        scanned.append(path.name)
        return original(path)

    monkeypatch.setattr(scan_module, "scan_file", counting)
    first = load_facts(images(tmp_path))
    assert len(scanned) == 6
    assert load_facts(images(tmp_path, fit="pad")).parts == first.parts
    assert len(scanned) == 6
    write(tmp_path, ("cat/new.png",))
    os.utime(tmp_path / "cat" / "00.png", ns=(5, 5))
    assert load_facts(images(tmp_path)).count == 7
    assert sorted(scanned[6:]) == ["00.png", "new.png"]


def test_a_large_folder_is_measured_by_a_sample(tmp_path, monkeypatch):
    monkeypatch.setattr(statistics, "MAX_IMAGES", 7)
    pets(tmp_path)
    memory, files = (loaded(tmp_path, cache=cache) for cache in ("memory", "files"))
    assert memory.facts.mean == files.facts.mean
    assert memory.facts.notes == (
        "mean and standard deviation are those of 7 of 16 training images, drawn with seed 0",
    )
    measured = statistics.measure(files.train, files.facts.digest)  # type: ignore[arg-type]
    assert measured == (files.facts.mean, files.facts.std)


def test_the_digest_is_that_of_the_samples_not_of_their_place(tmp_path):
    first = load_facts(images(pets(tmp_path / "a"))).digest
    assert load_facts(images(pets(tmp_path / "b"))).digest == first
    assert load_facts(images(tmp_path / "b", split_seed=1)).digest != first
    write(tmp_path / "b", ("dog/x.png",))
    assert load_facts(images(tmp_path / "b")).digest != first


def test_files_that_are_learned_from_and_measured_on_are_noted(tmp_path):
    for part in ("train", "test"):
        pets(tmp_path / part, 6)
    write(tmp_path, ("test/cat/00.png",))
    for number in range(1, 6):
        picture(90 + number).save(tmp_path / "test" / "cat" / f"0{number}.png")
        picture(70 + number).save(tmp_path / "test" / "dog" / f"0{number}.png")
    picture(99).save(tmp_path / "test" / "dog" / "00.png")
    (note,) = load_facts(images(tmp_path)).notes
    assert note == (
        "1 test image is among the training images, too: test/cat/00.png is the same file as train/cat/00.png"
    )


@pytest.mark.parametrize(
    ("names", "text", "shape", "message"),
    [
        (("cat/a.png",), "", (3, 4, 4), r"has one class only \(cat\); expected a sub-folder for each of two or more"),
        (("cat/a.png", "dog/b.png"), "", (3, 4, 4), "no class has two images, so none can be held out for validation"),
        ((), "/nowhere", (3, 4, 4), "there is no such folder; expected a folder with a sub-folder of images"),
        (("a.png",), "/a.png", (3, 4, 4), "a.png: is a file; expected a folder, or a list in CSV or JSONL"),
        (
            ("cat/a.png", "cat/c.png", "dog/b.png", "dog/d.png"),
            "",
            (4, 8, 8),
            "the input takes 4 channels, but the images of .* have 3; make the input 3 x 8 x 8",
        ),
        (
            ("cat/a.png", "cat/b.png", "dog/c.png"),
            "",
            (7,),
            r"needs an input image of the shape \[channels, height, width",
        ),
    ],
)
def test_what_cannot_be_used_is_one_sentence(tmp_path, names, text, shape, message):
    write(tmp_path, names)
    with pytest.raises(UserError, match=message):
        load(parse_reference("data", f"images:{tmp_path}{text}"), {"image": shape})


def test_broken_classes_are_one_sentence(tmp_path):
    pets(tmp_path / "all", 2)
    for path in (tmp_path / "all").rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(UserError, match=r"none of its 4 images can be read; cat/00.png: cannot be read as an image"):
        load_facts(images(tmp_path / "all"))
    for part in ("train", "val"):
        pets(tmp_path / "half" / part, 2)
    for path in (tmp_path / "half" / "train" / "dog").iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match=r"the class dog has no usable image in train; add some, or move it away"):
        load_facts(images(tmp_path / "half"))
    (tmp_path / "empty" / "bird").mkdir(parents=True)
    facts = load_facts(images(pets(tmp_path / "empty", 2)))
    assert facts.notes == ("bird is a class without a usable image and is left out",)


def test_a_list_of_images(tmp_path):
    write(tmp_path, ("a.png", "b.png", "c.png", "d.png", "e.png"))
    text = (
        "path,label,split\na.png,x,train\nb.png,y,train\nc.png,x,val\nd.png,y,test\ne.png,y,train\ngone.png,y,train\n"
    )
    (tmp_path / "labels.csv").write_text(text)
    for folder in (tmp_path / "labels.csv", tmp_path):
        data = loaded(folder)
        assert {name: part.class_counts for name, part in data.facts.parts.items()} == {
            "train": (1, 2),
            "val": (1, 0),
            "test": (0, 1),
        }
        assert data.facts.broken == (("gone.png", "file does not exist"),)


def test_large_jpegs_are_decoded_small_within_a_tolerance(tmp_path):
    """At least two decoded pixels remain for each pixel of the input: the result differs by less than people see."""
    noise = np.random.RandomState(0).randint(0, 256, (15, 20, 3), dtype=np.uint8)
    large = Image.fromarray(noise).resize((1600, 1200), Image.Resampling.BICUBIC)
    write(tmp_path, ("dog/a.png", "dog/b.png", "cat/b.png"))
    large.save(tmp_path / "cat" / "a.jpg", quality=95)
    data = loaded(tmp_path, (3, 96, 96), split_seed=0, cache="files")
    split = next(split for split in data.parts().values() if any("a.jpg" in split.name(n) for n in range(len(split))))
    number = next(n for n in range(len(split)) if split.name(n) == "cat/a.jpg")
    assert isinstance(split, FileSplit)
    pixels = split.pixels(torch.tensor([number]))[0].permute(1, 2, 0).numpy().astype(int)
    with Image.open(tmp_path / "cat" / "a.jpg") as whole:
        crop = whole.crop((200, 0, 1400, 1200)).resize((96, 96), Image.Resampling.BICUBIC)
    difference = np.abs(pixels - np.asarray(crop).astype(int))
    assert difference.mean() < 1 and difference.max() <= 8
