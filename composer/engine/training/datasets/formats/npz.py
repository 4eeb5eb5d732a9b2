"""NumPy's archives of arrays: images and labels, in one part or in several."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from composer.core.errors import UserError

# Names that people use for the two arrays of a part.
IMAGES, LABELS = ("images", "x", "X", "data"), ("labels", "label", "y", "targets")
PARTS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}
EXPECTED = "expected images and labels (or x and y), or x_train, y_train and the same with _val and _test"

Part = tuple[NDArray[Any], NDArray[Any]]


def read_npz(path: Path) -> dict[str, Part]:
    """Read images and labels.

    Returns:
        Both arrays by part: ``train``, and where they are there ``val`` and ``test``; ``all`` if the file has one part.

    Raises:
        UserError: if it cannot be read, holds objects, or an array is missing.
    """
    try:
        if not zipfile.is_zipfile(path):
            reason = "there is no such file" if not path.exists() else "is no .npz archive"
            raise UserError(f"{path}: {reason}; {EXPECTED}")
        # Opened here: np.load leaves a damaged file open.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            pairs = _pair_names(path, archive.files)
            return {part: _read_pair(path, archive, names) for part, names in pairs.items()}
    except ValueError:  # its first bytes are changed, so that numpy takes it for a pickle
        raise UserError(f"{path}: is damaged at its beginning; copy it again") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UserError(f"{path}: is damaged ({' '.join(str(error).split())}); copy it again") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from None


def _pair_names(path: Path, names: list[str]) -> dict[str, tuple[str, str]]:
    """Return the names of the two arrays of each part."""
    pairs = {part: pair for part, words in PARTS.items() if (pair := _find_pair(path, names, words)) is not None}
    if pairs and "train" not in pairs:
        raise UserError(f"{path}: has the parts {', '.join(pairs)}, but none to train on; {EXPECTED}")
    if not pairs:
        pair = _find_pair(path, names, ("",))
        if pair is None:
            raise UserError(f"{path}: holds {', '.join(names) or 'nothing'}; {EXPECTED}")
        pairs = {"all": pair}
    return pairs


def _find_pair(path: Path, names: list[str], words: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the names of images and labels of a part; None if it has neither."""
    images, labels = (
        next((name for base in bases for word in words for name in _spellings(base, word) if name in names), "")
        for bases in (IMAGES, LABELS)
    )
    if not images and not labels:
        return None
    if not images or not labels:
        missing = "labels" if images else "images"
        raise UserError(f"{path}: {images or labels} is there, but its {missing} are missing; {EXPECTED}")
    return images, labels


def _spellings(base: str, word: str) -> tuple[str, ...]:
    return (f"{base}_{word}", f"{word}_{base}") if word else (base,)


def _read_pair(path: Path, archive: Any, names: tuple[str, str]) -> Part:
    """Read the two arrays of a part."""
    images, labels = (_read_array(path, archive, name) for name in names)
    if images.ndim == 0 or labels.ndim == 0 or len(images) != len(labels):
        counts = " and ".join(
            f"{len(array) if array.ndim else 'no'} {name}" for name, array in zip(names, (images, labels), strict=True)
        )
        raise UserError(f"{path}: has {counts}, expected one label for each image")
    return images, labels


def _read_array(path: Path, archive: Any, name: str) -> NDArray[Any]:
    """Read one array; numpy refuses arrays of objects, which could run a program."""
    try:
        array: NDArray[Any] = archive[name]
    except ValueError as error:
        if "pickle" in str(error):
            raise UserError(f"{path}: {name} holds Python objects, which are not read; save numbers or texts") from None
        raise UserError(f"{path}: {name} is damaged ({error}); copy it again") from None
    except MemoryError:
        raise UserError(f"{path}: {name} states more numbers than fit in memory; copy it again") from None
    return array
