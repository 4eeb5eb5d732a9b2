"""CIFAR files of every published version: bytes, pickles and archives, in the folder that people have."""

import os
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from composer.core.errors import UserError
from composer.engine.training.datasets.formats.cifar import read_cifar

RNG = np.random.RandomState(0)
IMAGES = RNG.randint(0, 256, (12, 3, 32, 32)).astype(np.uint8)
LABELS = np.arange(12) % 10
FINE, COARSE = np.arange(12) * 9, np.arange(12) % 20
TEN_NAMES = [f"name {n}" for n in range(10)]


def write_ten(folder: Path, *, binary: bool) -> Path:
    """Write CIFAR-10: two images in each of six files."""
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(6):
        part = slice(2 * n, 2 * n + 2)
        name = "test_batch" if n == 5 else f"data_batch_{n + 1}"
        if binary:
            rows = np.concatenate([LABELS[part, None].astype(np.uint8), IMAGES[part].reshape(2, -1)], 1)
            (folder / f"{name}.bin").write_bytes(rows.tobytes())
        else:
            values = {b"data": IMAGES[part].reshape(2, -1), b"labels": LABELS[part].tolist(), b"batch_label": b"x"}
            (folder / name).write_bytes(pickle.dumps(values, 2))
    if binary:
        (folder / "batches.meta.txt").write_text("\n".join([*TEN_NAMES, "", ""]))
    else:
        (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": TEN_NAMES}, 2))
    return folder


def write_hundred(folder: Path, *, binary: bool) -> Path:
    """Write CIFAR-100: ten training images and two test images."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("train", slice(0, 10)), ("test", slice(10, 12))):
        rows: list[Any] = [IMAGES[part].reshape(-1, 3072)]
        if binary:
            rows = [COARSE[part, None].astype(np.uint8), FINE[part, None].astype(np.uint8), *rows]
            (folder / f"{name}.bin").write_bytes(np.concatenate(rows, 1).tobytes())
        else:
            values = {"data": rows[0], "fine_labels": FINE[part].tolist(), "coarse_labels": COARSE[part].tolist()}
            (folder / name).write_bytes(pickle.dumps(values, 2))
    return folder


@pytest.mark.parametrize("binary", [True, False])
def test_both_forms_of_cifar_10(tmp_path: Path, binary: bool) -> None:
    data = read_cifar(write_ten(tmp_path, binary=binary))
    assert (np.concatenate(data.images).transpose(0, 3, 1, 2) == IMAGES).all()
    assert (np.concatenate(data.labels) == LABELS).all()
    assert len(data.images[1]) == 2 and data.classes == tuple(TEN_NAMES)


@pytest.mark.parametrize("binary", [True, False])
def test_both_forms_of_cifar_100(tmp_path: Path, binary: bool) -> None:
    write_hundred(tmp_path, binary=binary)
    fine, coarse = read_cifar(tmp_path), read_cifar(tmp_path, "coarse")
    assert (np.concatenate(fine.labels) == FINE).all() and (np.concatenate(coarse.labels) == COARSE).all()
    assert (np.concatenate(coarse.images).transpose(0, 3, 1, 2) == IMAGES).all()
    assert len(fine.classes) == 100 and coarse.classes == tuple(map(str, range(20)))


def test_the_download_folder_and_the_archive(tmp_path: Path) -> None:
    write_ten(tmp_path / "data" / "cifar-10-batches-py", binary=False)
    expected = read_cifar(tmp_path / "data")
    archive = tmp_path / "archives" / "cifar-10-python.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "data" / "cifar-10-batches-py", "cifar-10-batches-py")
    for path in (archive, archive.parent):
        data = read_cifar(path)
        assert (data.images[0] == expected.images[0]).all() and data.classes == expected.classes
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]
    write_ten(tmp_path / "data" / "other", binary=True)
    with pytest.raises(UserError, match="holds 2 sets of CIFAR files; name the folder of one"):
        read_cifar(tmp_path / "data")


class Hostile:
    """Runs a command when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.file}",)


def test_a_batch_that_runs_a_program_is_refused(tmp_path: Path) -> None:
    folder = write_ten(tmp_path / "cifar", binary=False)
    (folder / "data_batch_3").write_bytes(pickle.dumps({"data": Hostile(tmp_path / "ran"), "labels": []}))
    with pytest.raises(UserError, match=r"data_batch_3: names \w+\.system, which could run a program"):
        read_cifar(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "data_batch_2.bin").write_bytes(b"abc"), "has 3 bytes, expected a multiple of 3,073"),
        (lambda folder: (folder / "test_batch.bin").write_bytes(b"\x0b" * 3073), "holds the label 11, expected 0 to 9"),
        (lambda folder: (folder / "data_batch_4.bin").unlink(), "data_batch_4.bin is missing; expected the files"),
        (lambda folder: (folder / "batches.meta.txt").write_text("cat\ndog"), "names 2 classes, expected 10"),
        (lambda folder: [file.unlink() for file in folder.iterdir()], "holds no CIFAR files; expected"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, damage: Any, message: str) -> None:
    folder = write_ten(tmp_path, binary=True)
    damage(folder)
    with pytest.raises(UserError, match=message):
        read_cifar(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2], "holds a list, expected a dict"),
        ({"labels": [1]}, "holds labels, expected data and labels"),
        ({"data": [1], "labels": [1]}, "data is a list, expected"),
        ({"data": np.zeros((2, 3072)), "labels": [1, 2]}, "of float64, expected"),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [1]}, "has 2 images and 1 labels"),
    ],
)
def test_pickles_of_other_values_are_refused(tmp_path: Path, values: Any, message: str) -> None:
    folder = write_ten(tmp_path, binary=False)
    (folder / "data_batch_1").write_bytes(pickle.dumps(values))
    with pytest.raises(UserError, match=message):
        read_cifar(folder)


def test_what_is_no_folder_and_no_archive(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such folder"):
        read_cifar(tmp_path / "none")
    (tmp_path / "file.tar.gz").write_bytes(b"no archive")
    with pytest.raises(UserError, match="cannot be read as a tar archive") as error:
        read_cifar(tmp_path / "file.tar.gz")
    assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="CIFAR-10 has no coarse labels"):
        read_cifar(write_ten(tmp_path / "ten", binary=True), "coarse")
