"""CIFAR-10 and CIFAR-100 as their authors publish them: 32 x 32 colour photographs.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from composer.core.data_facts import DataFacts
from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes, dataset
from composer.engine.training.datasets.file_stamp import file_stamp
from composer.engine.training.datasets.formats.cifar import SIDE, Cifar, Labels, read_cifar
from composer.engine.training.datasets.labelled_images import ImagePart, load_images
from composer.engine.training.datasets.parts import complete_parts


@dataset(title="CIFAR files", fields=("image", "label"))
class CifarFiles(Dataset):
    """CIFAR-10 or CIFAR-100 from the published files: the binary version, the one for Python, or their archives.

    The official test file is the test part, validation is a share of the training files. Pickles are read without
    executing anything that is in them.

    Args:
        folder: the folder of the files, or the archive.
        limit: at most this many samples of the training and of the test files; 0 for all.
        val_share: share of the training samples that is held out for validation.
        labels: whether CIFAR-100 has its 100 classes or its 20 super-classes.
        split_seed: seed of the division into training and validation; runs with other seeds cannot be compared.
    """

    def __init__(
        self,
        folder: Path,
        limit: Annotated[int, (0, 100_000_000)] = 0,
        val_share: Annotated[float, (0.01, 0.5)] = 0.1,
        labels: Literal["fine", "coarse"] = "fine",
        split_seed: Annotated[int, (0, 2147483647)] = 0,
    ) -> None:
        self.folder = Path(folder)
        self.limit = limit
        self.val_share = val_share
        self.labels: Labels = labels
        self.split_seed = split_seed

    def load(self, shapes: Shapes) -> LoadedDataset:
        """Read the files; images are resized batch by batch to the shape of the field ``image``."""
        return self._load(shapes["image"])

    def facts(self) -> DataFacts:
        """Return the facts of the images at their own size."""
        return self._load((3, SIDE, SIDE)).facts

    def stamp(self) -> str:
        """Return the state of the files, also of those in folders within."""
        inner = sorted(self.folder.glob("*/")) if self.folder.is_dir() else []
        return " ".join(map(file_stamp, [self.folder, *inner]))

    def _load(self, shape: tuple[int, ...]) -> LoadedDataset:
        files = _read(self.folder, self.labels, self.stamp())
        parts = {
            name: ImagePart(images, labels).first(self.limit)
            for name, images, labels in zip(("train", "test"), files.images, files.labels, strict=True)
        }
        return load_images("cifar", complete_parts(parts, self.val_share, 0, self.split_seed), files.classes, shape)


@lru_cache(maxsize=1)
def _read(folder: Path, labels: Labels, _stamp: str) -> Cifar:
    return read_cifar(folder, labels)
