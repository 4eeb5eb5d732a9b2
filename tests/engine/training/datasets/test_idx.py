"""Folders of IDX files as datasets."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import LoadedDataset, load, load_facts
from composer.engine.training.datasets.formats.idx import DTYPES

RNG = np.random.RandomState(0)
TRAIN, TEST = (RNG.randint(0, 256, (count, 6, 5)).astype(np.uint8) for count in (40, 10))


def write(folder: Path, name: str, array: np.ndarray, code: int = 0x08) -> None:
    """Write an IDX file, packed if the name ends with .gz."""
    content = bytes([0, 0, code, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    content += array.astype(DTYPES[code]).tobytes()
    (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as MNIST is published: 40 training and 10 test images of 4 classes."""
    write(tmp_path, "train-images-idx3-ubyte.gz", TRAIN)
    write(tmp_path, "train-labels-idx1-ubyte.gz", np.arange(40) % 4)
    write(tmp_path, "t10k-images-idx3-ubyte", TEST)
    write(tmp_path, "t10k-labels-idx1-ubyte", np.arange(10) % 4)
    return tmp_path


def load_idx(folder: Path, **options: object) -> LoadedDataset:
    return load(ExtensionRef("idx", {"folder": str(folder), **options}), {"image": (1, 6, 5)})  # type: ignore[dict-item]


def pixels(data: LoadedDataset, part: str) -> np.ndarray:
    image = data.parts()[part].take(slice(None))["image"]
    return np.rint(data.image_format().denormalize(image)[:, 0].numpy() * 255)


def test_the_test_files_are_the_test_part(folder: Path) -> None:
    data = load_idx(folder)
    assert (pixels(data, "test") == TEST).all()
    assert data.test is not None and data.test.labels is not None
    assert data.test.labels.tolist() == [n % 4 for n in range(10)]
    rows = np.concatenate([pixels(data, "train"), pixels(data, "val")])
    assert len(data.val) == 4 and sorted(map(bytes, rows.astype(np.uint8))) == sorted(map(bytes, TRAIN))
    facts = load_facts(ExtensionRef("idx", {"folder": str(folder)}))
    assert facts.classes == ("0", "1", "2", "3") and facts.sizes == ((5, 6),) * 3 and facts.channels == 1
    assert {name: part.count for name, part in facts.parts.items()} == {"train": 36, "val": 4, "test": 10}
    assert facts.digest == data.facts.digest


def test_class_names_limit_and_seed(folder: Path) -> None:
    (folder / "classes.txt").write_text("shirt\nshoe\n\nbag\ncoat\n")
    data = load_idx(folder, limit=20, val_share=0.2)
    assert data.classes == ("shirt", "shoe", "bag", "coat")
    assert (len(data.train) + len(data.val), len(data.test or ())) == (20, 10)
    assert load_idx(folder, split_seed=3).facts.digest != load_idx(folder).facts.digest
    (folder / "classes.txt").write_text("shirt\nshoe")
    with pytest.raises(UserError, match="the label 2 has no name: 2 classes are named"):
        load_idx(folder)


def test_a_changed_file_is_read_again(folder: Path) -> None:
    before = load_idx(folder).facts
    write(folder, "t10k-images-idx3-ubyte", 255 - TEST)
    assert load_idx(folder).facts.digest != before.digest


def test_versions_transposition_and_other_types(folder: Path) -> None:
    for name, array in (("train-images", TRAIN), ("test-images", TEST)):
        write(folder, f"emnist-letters-{name}-idx3-ubyte.gz", array.transpose(0, 2, 1) / 255, 0x0D)
    for name, count in (("train-labels", 40), ("test-labels", 10)):
        write(folder, f"emnist-letters-{name}-idx1-ubyte.gz", np.arange(count) % 4 + 1)
    with pytest.raises(UserError, match="holds the versions , emnist-letters; choose one by the option version"):
        load_idx(folder)
    data = load_idx(folder, version="emnist-letters", transposed=True)
    assert (pixels(data, "test") == TEST).all() and data.classes == ("1", "2", "3", "4")


def test_without_test_files_there_is_no_test_part(folder: Path) -> None:
    for path in folder.glob("t10k*"):
        path.unlink()
    data = load_idx(folder)
    assert data.test is None and data.facts.notes == ("there are no test files, so there is no test part",)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-labels-idx1-ubyte.gz", np.arange(39), "holds 40 images, but train-labels-idx1-ubyte.gz has 39 labels"),
        ("t10k-images-idx3-ubyte", np.zeros((10, 3, 3)), "test images are 3 x 3 pixels, the others 5 x 6 pixels"),
        ("train-images-idx3-ubyte.gz", np.zeros((40, 30)), "40 x 30, expected images"),
    ],
)
def test_files_that_do_not_fit_each_other(folder: Path, name: str, array: np.ndarray, message: str) -> None:
    write(folder, name, array)
    with pytest.raises(UserError, match=message):
        load_idx(folder)


def test_missing_files_and_folders(folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(UserError, match=r"the test labels are missing; expected train-images-idx3-ubyte"):
        load_idx(folder)
    with pytest.raises(UserError, match="there is no such folder"):
        load_idx(folder / "none")
    with pytest.raises(UserError, match="the train images and the train labels are missing"):
        load_idx(Path(__file__).parent)
