"""The CIFAR files: 32 x 32 colour images in batches, as bytes or as pickles of Python, also inside their tar archive.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from composer.core.errors import UserError
from composer.engine.training.datasets.formats.array_pickle import read_array_pickle

SIDE = 32
IMAGE_BYTES = 3 * SIDE * SIDE
MAX_FILE_BYTES = 2**30  # the largest has 155 MB
Labels = Literal["fine", "coarse"]
Read = Callable[[], bytes]
Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True)
class CifarLayout:
    """The files of one published version.

    Args:
        train: names of the training files.
        test: name of the test file.
        names: names of the files of class names, fine and coarse.
        label_bytes: bytes of labels in front of each image of a binary file, the last one fine; 0 for pickles.
        classes: number of classes, fine and coarse.
    """

    train: tuple[str, ...]
    test: str
    names: Mapping[str, str]
    label_bytes: int
    classes: Mapping[str, int]


_TEN = {"fine": 10}
_HUNDRED = {"fine": 100, "coarse": 20}
LAYOUTS = (
    CifarLayout(
        tuple(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin", {"fine": "batches.meta.txt"}, 1, _TEN
    ),
    CifarLayout(
        ("train.bin",),
        "test.bin",
        {"fine": "fine_label_names.txt", "coarse": "coarse_label_names.txt"},
        2,
        _HUNDRED,
    ),
    CifarLayout(tuple(f"data_batch_{n}" for n in range(1, 6)), "test_batch", {"fine": "batches.meta"}, 0, _TEN),
    CifarLayout(("train",), "test", {"fine": "meta", "coarse": "meta"}, 0, _HUNDRED),
)
EXPECTED = (
    "expected the files of CIFAR-10 (data_batch_1 to 5 and test_batch, with or without .bin), those of CIFAR-100 "
    "(train and test, with or without .bin), or their tar archive"
)


@dataclass(frozen=True)
class Cifar:
    """The images of a folder.

    Args:
        images: pixels (N, 32, 32, 3) of the training and the test part.
        labels: class numbers (N,) of both.
        classes: names of the classes.
    """

    images: tuple[NDArray[np.uint8], NDArray[np.uint8]]
    labels: tuple[NDArray[np.int64], NDArray[np.int64]]
    classes: tuple[str, ...]


def read_cifar(path: Path, labels: Labels = "fine") -> Cifar:
    """Read the CIFAR files of a folder, of the only sub-folder that has them, or of a tar archive.

    Args:
        path: the folder or the archive.
        labels: ``coarse`` for the 20 super-classes of CIFAR-100.

    Raises:
        UserError: if files are missing or damaged, or hold anything but arrays.
    """
    files, layout = _open_layout(path)
    if labels not in layout.classes:
        raise UserError(f"{path}: CIFAR-10 has no coarse labels; choose labels: fine")
    classes = layout.classes[labels]
    parts = []
    for names in (layout.train, (layout.test,)):
        batches = [_read_batch(f"{path}: {name}", files[name](), layout.label_bytes, labels) for name in names]
        numbers = np.concatenate([batch[1] for batch in batches])
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < classes:
            wrong = int(numbers[(numbers < 0) | (numbers >= classes)][0])
            raise UserError(f"{path}: {names[0]}: holds the label {wrong}, expected 0 to {classes - 1}; copy it again")
        parts.append((np.concatenate([batch[0] for batch in batches]), numbers))
    (train, train_labels), (test, test_labels) = parts
    return Cifar((train, test), (train_labels, test_labels), _class_names(path, files, layout, labels))


def _open_layout(path: Path) -> tuple[Mapping[str, Read], CifarLayout]:
    """Return the files by name, and the version whose files they are."""
    try:
        folders = _candidate_folders(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from None
    layouts = [(files, layout) for files in folders if (layout := _layout_of(files)) is not None]
    if len(layouts) > 1:
        raise UserError(f"{path}: holds {len(layouts)} sets of CIFAR files; name the folder of one of them")
    if not layouts:
        candidates = [(layout, files) for files in folders for layout in LAYOUTS]
        layout, files = max(candidates, key=lambda pair: len(_present(*pair)))
        if not _present(layout, files):
            raise UserError(f"{path}: holds no CIFAR files; {EXPECTED}")
        missing = [name for name in (*layout.train, layout.test) if name not in files]
        raise UserError(f"{path}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; {EXPECTED}")
    return layouts[0]


def _candidate_folders(path: Path) -> list[dict[str, Read]]:
    """Return the files of a path and of what is directly in it: a download folder holds a folder or an archive."""
    if path.is_file():
        return [_archive_files(path)]
    if not path.is_dir():
        raise UserError(f"{path}: there is no such folder; {EXPECTED}")
    files = _folder_files(path)
    if _layout_of(files) is not None:
        return [files]
    inner = [_folder_files(folder) for folder in sorted(path.iterdir()) if folder.is_dir()]
    if not any(map(_layout_of, inner)):
        inner += [_archive_files(file) for file in sorted(path.glob("cifar*.tar.gz"))]
    return [files, *inner]


def _present(layout: CifarLayout, files: Mapping[str, Read]) -> list[str]:
    return [name for name in (*layout.train, layout.test) if name in files]


def _layout_of(files: Mapping[str, Read]) -> CifarLayout | None:
    return next((layout for layout in LAYOUTS if all(name in files for name in (*layout.train, layout.test))), None)


def _folder_files(folder: Path) -> dict[str, Read]:
    """Return readers of the files of a folder by name."""

    def reader(file: Path) -> Read:
        def read() -> bytes:
            try:
                if file.stat().st_size > MAX_FILE_BYTES:
                    raise UserError(f"{file}: is larger than any CIFAR file; {EXPECTED}")
                return file.read_bytes()
            except OSError as error:
                raise UserError(f"{file}: cannot be read: {error.strerror or error}") from None

        return read

    return {file.name: reader(file) for file in folder.iterdir() if file.is_file()}


def _archive_files(archive: Path) -> dict[str, Read]:
    """Return the files of a tar archive by name; they are read into memory, nothing is unpacked to the disk."""
    files: dict[str, Read] = {}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                if not member.isfile():
                    continue
                if member.size > MAX_FILE_BYTES:
                    raise UserError(f"{archive}: {member.name} is larger than any CIFAR file; {EXPECTED}")
                stream = tar.extractfile(member)
                assert stream is not None  # it is a file
                content = stream.read()
                files[PurePosixPath(member.name).name] = lambda content=content: content  # type: ignore[misc]
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        reason = str(error).splitlines()[0].rstrip(":")
        raise UserError(f"{archive}: cannot be read as a tar archive ({reason}); {EXPECTED}") from None
    except OSError as error:
        raise UserError(f"{archive}: cannot be read: {error.strerror or error}") from None
    return files


def _read_batch(where: str, content: bytes, label_bytes: int, labels: Labels) -> Batch:
    """Read one file of images and labels."""
    return _read_binary(where, content, label_bytes, labels) if label_bytes else _read_pickle(where, content, labels)


def _read_binary(where: str, content: bytes, label_bytes: int, labels: Labels) -> Batch:
    """Read records of labels and pixels; the planes of an image are red, green and blue."""
    record = label_bytes + IMAGE_BYTES
    if not content or len(content) % record:
        raise UserError(
            f"{where} has {len(content):,} bytes, expected a multiple of {record:,} (one image each); copy it again"
        )
    rows = np.frombuffer(content, np.uint8).reshape(-1, record)
    column = 0 if labels == "coarse" else label_bytes - 1
    return _images(rows[:, label_bytes:]), rows[:, column].astype(np.int64)


def _read_pickle(where: str, content: bytes, labels: Labels) -> Batch:
    """Read the dict that a pickle of Python holds."""
    values = _texts_as_keys(where, read_array_pickle(content, where))
    key = "labels" if "labels" in values else f"{labels}_labels"
    if "data" not in values or key not in values:
        raise UserError(f"{where} holds {', '.join(sorted(values)) or 'nothing'}, expected data and {key}")
    data = values["data"]
    numbers = np.asarray(values[key])
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != IMAGE_BYTES:
        shape = f"{data.shape} of {data.dtype}" if isinstance(data, np.ndarray) else f"a {type(data).__name__}"
        raise UserError(f"{where}: data is {shape}, expected (N, {IMAGE_BYTES:,}) of uint8")
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or len(numbers) != len(data):
        raise UserError(f"{where}: has {len(data):,} images and {numbers.size:,} labels; copy it again")
    return _images(data), numbers.astype(np.int64)


def _images(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return rows of three planes (N, 3072) as images (N, 32, 32, 3)."""
    return rows.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)


def _class_names(path: Path, files: Mapping[str, Read], layout: CifarLayout, labels: Labels) -> tuple[str, ...]:
    """Return the names of the classes, numbers if the file of names is missing."""
    count = layout.classes[labels]
    file = layout.names[labels]
    if file not in files:
        return tuple(str(number) for number in range(count))
    if layout.label_bytes:
        names = files[file]().decode("utf-8", errors="replace").split("\n")
    else:
        values = _texts_as_keys(f"{path}: {file}", read_array_pickle(files[file](), f"{path}: {file}"))
        entries = values.get("label_names", values.get(f"{labels}_label_names", []))
        names = [
            entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry) for entry in list(entries)
        ]
    names = [name.strip() for name in names if name.strip()]
    if len(names) != count:
        raise UserError(f"{path}: {file} names {len(names)} classes, expected {count}; copy it again")
    return tuple(names)


def _texts_as_keys(where: str, values: Any) -> dict[str, Any]:
    """Return a dict whose keys Python 2 wrote as bytes."""
    if not isinstance(values, dict):
        raise UserError(f"{where} holds a {type(values).__name__}, expected a dict with data and labels")
    return {key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key): v for key, v in values.items()}
