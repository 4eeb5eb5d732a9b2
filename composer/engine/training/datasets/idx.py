"""Folders of IDX files: MNIST, Fashion-MNIST, KMNIST, EMNIST and all that take their form.

MNIST: LeCun, Cortes, Burges, 1998; Fashion-MNIST: Xiao, Rasul, Vollgraf, 2017, arXiv:1708.07747; EMNIST: Cohen, Afshar,
Tapson, van Schaik, 2017, arXiv:1702.05373.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from numpy.typing import NDArray

from composer.core.data_facts import DataFacts
from composer.core.errors import UserError
from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes, dataset
from composer.engine.training.datasets.class_names import read_class_names
from composer.engine.training.datasets.file_stamp import file_stamp
from composer.engine.training.datasets.formats.arrays import number_labels, pixel_range, to_channels_last
from composer.engine.training.datasets.formats.idx import read_idx
from composer.engine.training.datasets.labelled_images import ImageArrays, ImagePart, load_images
from composer.engine.training.datasets.parts import complete_parts

# Version in front of the name, as EMNIST has one, then part and content.
NAME = re.compile(r"(?P<version>.*?)-?(?P<part>train|t10k|test)-(?P<content>images|labels)[-.]idx\d-\w+?(\.gz)?")
PARTS = {"train": "train", "t10k": "test", "test": "test"}
EXPECTED = "expected train-images-idx3-ubyte and train-labels-idx1-ubyte, and the same with t10k, with or without .gz"


@dataset(title="IDX files (MNIST)", fields=("image", "label"))
class Idx(Dataset):
    """MNIST and its relatives: the official test files are the test part, validation is a share of the training files.

    Classes are named by the lines of a file ``classes.txt`` in the folder, else by their numbers.

    Args:
        folder: the folder of the files.
        limit: at most this many samples of each pair of files; 0 for all.
        val_share: share of the training samples that is held out for validation.
        version: beginning of the file names, where a folder holds several versions, such as emnist-letters.
        transposed: whether the files hold columns instead of rows, as those of EMNIST do.
        split_seed: seed of the division into training and validation; runs with other seeds cannot be compared.
    """

    def __init__(
        self,
        folder: Path,
        limit: Annotated[int, (0, 100_000_000)] = 0,
        val_share: Annotated[float, (0.01, 0.5)] = 0.1,
        version: str = "",
        transposed: bool = False,
        split_seed: Annotated[int, (0, 2147483647)] = 0,
    ) -> None:
        self.folder = Path(folder)
        self.limit = limit
        self.val_share = val_share
        self.version = version
        self.transposed = transposed
        self.split_seed = split_seed

    def load(self, shapes: Shapes) -> LoadedDataset:
        """Read the files; images are resized batch by batch to the shape of the field ``image``."""
        return self._load(shapes["image"])

    def facts(self) -> DataFacts:
        """Return the facts of the images at their own size."""
        return self._load(None).facts

    def stamp(self) -> str:
        """Return the state of the files."""
        return file_stamp(self.folder)

    def _load(self, shape: tuple[int, ...] | None) -> LoadedDataset:
        files = read_files(self.folder, self.version, self.stamp())
        parts = {name: part.first(self.limit) for name, part in files.parts.items()}
        if self.transposed:
            parts = {
                name: ImagePart(part.images.transpose(0, 2, 1, 3), part.labels, part.names)
                for name, part in parts.items()
            }
        height, width, channels = parts["train"].images.shape[1:]
        parts = complete_parts(parts, self.val_share, 0, self.split_seed)
        return load_images(
            "idx", parts, files.classes, shape or (channels, height, width), fit="pad", notes=files.notes
        )


@lru_cache(maxsize=1)
def read_files(folder: Path, version: str, _stamp: str) -> ImageArrays:
    """Read the files of a folder.

    Raises:
        UserError: if files are missing or damaged, or do not fit each other.
    """
    arrays: dict[str, dict[str, NDArray[Any]]] = {}
    paths = _find_files(folder, version)
    for (part, content), path in paths.items():
        arrays.setdefault(part, {})[content] = read_idx(path)
    images = {}
    for part, pair in arrays.items():
        first, second = len(pair["images"]), len(pair["labels"])
        if first != second:
            raise UserError(
                f"{paths[part, 'images']}: holds {first:,} images, but {paths[part, 'labels'].name} has {second:,} "
                "labels; they belong to different sets"
            )
        images[part] = to_channels_last(pair["images"], str(paths[part, "images"]))
    sizes = {part: array.shape[1:] for part, array in images.items()}
    if len(set(sizes.values())) > 1:
        raise UserError(f"{folder}: the test images are {_size(sizes['test'])}, the others {_size(sizes['train'])}")
    scale = pixel_range(images["train"], str(paths["train", "images"]))
    labels, classes = number_labels([arrays[part]["labels"] for part in images], str(folder), read_class_names(folder))
    parts = {part: ImagePart(scale.apply(images[part]), numbers) for part, numbers in zip(images, labels, strict=True)}
    missing = () if "test" in parts else ("there are no test files, so there is no test part",)
    return ImageArrays(parts, classes, (*filter(None, [scale.note]), *missing))


def _find_files(folder: Path, version: str) -> dict[tuple[str, str], Path]:
    """Return the files of a version by part and content, those of the training part first."""
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder; {EXPECTED}")
    versions: dict[str, dict[tuple[str, str], Path]] = {}
    for path in sorted(folder.iterdir(), reverse=True):  # of both forms, the one that is not packed
        if (match := NAME.fullmatch(path.name)) is not None and path.is_file():
            versions.setdefault(match["version"], {})[PARTS[match["part"]], match["content"]] = path
    if version:
        versions = {version: versions.get(version, {})}
    if len(versions) > 1:
        raise UserError(f"{folder}: holds the versions {', '.join(sorted(versions))}; choose one by the option version")
    files = next(iter(versions.values()), {})
    parts = ["train", "test"] if any(part == "test" for part, _ in files) else ["train"]
    keys = [(part, content) for part in parts for content in ("images", "labels")]
    if missing := [f"the {part} {content}" for part, content in keys if (part, content) not in files]:
        raise UserError(f"{folder}: {' and '.join(missing)} are missing; {EXPECTED}")
    return {key: files[key] for key in keys}


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]} pixels"
