"""NumPy archives: names as people choose them, no objects, and one sentence for what is damaged."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from composer.core.errors import UserError
from composer.engine.training.datasets.formats.npz import read_npz

X, Y = np.arange(48).reshape(3, 4, 4), np.array([0, 1, 0])


@pytest.mark.parametrize(
    ("arrays", "parts"),
    [
        ({"images": X, "labels": Y}, ["all"]),
        ({"x": X, "y": Y, "extra": Y}, ["all"]),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}, ["train", "test"]),
        ({"train_images": X, "train_labels": Y, "val_images": X, "val_labels": Y}, ["train", "val"]),
    ],
)
def test_the_arrays_of_each_part(tmp_path: Path, arrays: dict[str, Any], parts: list[str]) -> None:
    np.savez_compressed(tmp_path / "data.npz", **arrays)
    read = read_npz(tmp_path / "data.npz")
    assert list(read) == parts
    for images, labels in read.values():
        assert (images == X).all() and (labels == Y).all()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": X}, "holds a; expected images and labels"),
        ({"x": X}, "x is there, but its labels are missing"),
        ({"x_test": X, "y_test": Y}, "has the parts test, but none to train on"),
        ({"x": X, "y": Y[:2]}, "has 3 x and 2 y, expected one label for each image"),
        ({"x": X, "y": np.array(3)}, "has 3 x and no y"),
        ({"x": X, "y": np.array(["a", 1, None], object)}, "y holds Python objects, which are not read"),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(UserError, match=message):
        read_npz(tmp_path / "data.npz")


def test_files_that_are_damaged_or_missing(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with pytest.raises(UserError, match="there is no such file"):
        read_npz(path)
    path.write_bytes(b"PK no archive")
    with pytest.raises(UserError, match=r"is no \.npz archive"):
        read_npz(path)
    np.savez(path, x=X, y=Y)
    content = bytearray(path.read_bytes())
    at = content.index(X.tobytes()[:40])
    content[at + 8] ^= 255
    path.write_bytes(content)
    with pytest.raises(UserError, match="is damaged"):
        read_npz(path)
    np.savez(path, x=X, y=Y)
    path.write_bytes(b"\x80" + path.read_bytes()[1:])  # numpy takes it for a pickle
    with pytest.raises(UserError, match="is damaged at its beginning"):
        read_npz(path)
