"""NumPy archives as datasets."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from composer.core.errors import UserError
from composer.core.graph import ExtensionRef
from composer.engine.training.datasets import LoadedDataset, load, load_facts

RNG = np.random.RandomState(0)
X, Y = RNG.randint(0, 256, (60, 8, 6, 3)).astype(np.uint8), np.array(["cat", "dog", "eel"] * 20)


def load_npz(path: Path, shape: tuple[int, int, int] = (3, 8, 6), **options: Any) -> LoadedDataset:
    return load(ExtensionRef("npz", {"file": str(path), **options}), {"image": shape})


def test_a_file_of_one_part_is_divided(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", images=X, labels=Y)
    data = load_npz(tmp_path / "data.npz")
    assert data.classes == ("cat", "dog", "eel")
    assert {name: len(split) for name, split in data.parts().items()} == {"train": 48, "val": 6, "test": 6}
    batch = data.train.take(slice(None))
    shown = np.rint(data.image_format().denormalize(batch["image"]).permute(0, 2, 3, 1).numpy() * 255)
    by_image = {image.tobytes(): label for image, label in zip(X, Y, strict=True)}
    assert [by_image[image.tobytes()] for image in shown.astype(np.uint8)] == [
        data.classes[label] for label in batch["label"].tolist()
    ]
    facts = load_facts(ExtensionRef("npz", {"file": str(tmp_path / "data.npz")}))
    assert facts.sizes == ((6, 8),) * 3 and facts.channels == 3 and facts.parts["train"].class_counts == (16, 16, 16)


def test_parts_ranges_and_proportions(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    values = X.astype(np.float32) * 8 - 100
    np.savez(path, x_train=values[:40], y_train=Y[:40], x_test=values[40:], y_test=Y[40:])
    data = load_npz(path, fit="stretch", val_share=0.2)
    assert {name: len(split) for name, split in data.parts().items()} == {"train": 31, "val": 9, "test": 20}
    assert data.facts.notes[0].endswith("values from -100 to 1940 are scaled to black and white")
    shown = data.image_format().denormalize(data.test.take(slice(None))["image"])  # type: ignore[union-attr]
    assert np.abs(shown.permute(0, 2, 3, 1).numpy() * 255 - X[40:]).max() < 0.51
    for fit in ("crop", "pad", "stretch"):
        assert load_npz(path, (3, 4, 12), fit=fit).train.take(slice(2))["image"].shape == (2, 3, 4, 12)


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    values = X.astype(np.float32)
    values[5, 1, 2, 0] = np.inf
    np.savez(path, x=values, y=Y)
    with pytest.raises(UserError, match=r"train: 1 of 8,640 values is no finite number.* infinity in sample 5"):
        load_npz(path)
    np.savez(path, x_train=X, y_train=Y, x_test=X[:, :7], y_test=Y)
    with pytest.raises(UserError, match="test has images of 7 x 6 x 3, train of 8 x 6 x 3"):
        load_npz(path)
    with pytest.raises(UserError, match="needs the option file"):
        load(ExtensionRef("npz"), {"image": (3, 8, 6)})


def test_names_of_classes_are_read_again_when_they_change(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=X, y=np.arange(60) % 3)
    assert load_npz(tmp_path / "data.npz").classes == ("0", "1", "2")
    (tmp_path / "classes.txt").write_text("a\nb\nc\nd")
    assert load_npz(tmp_path / "data.npz").classes == ("a", "b", "c", "d")
