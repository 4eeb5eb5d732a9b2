"""Datasets of images that are files within a table: checked once, then decoded like the files of a folder."""

import hashlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from composer.core.data_facts import DataFacts, FieldFacts, PartFacts, representative_sizes
from composer.core.errors import UserError
from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.datasets import Dataset, LoadedDataset, Shapes
from composer.engine.training.datasets.formats.arrays import number_labels
from composer.engine.training.datasets.formats.image_table import ImageRows, find_columns, read_labels
from composer.engine.training.datasets.image_file import EncodedImage, ImageSource
from composer.engine.training.datasets.image_fit import Fit
from composer.engine.training.datasets.image_folder.file_split import FileSplit, default_workers
from composer.engine.training.datasets.image_folder.loading import Cache, load_decoded
from composer.engine.training.datasets.image_folder.scan import ScannedImage, scan_files
from composer.engine.training.datasets.image_format import ImageFormat
from composer.engine.training.datasets.parts import complete_parts

BLOCK = 1024  # rows that are in memory at a time while they are checked
TAIL = 64  # last bytes of a file that go into the digest: those of a compressed image depend on all others


@dataclass(frozen=True)
class EncodedPart:
    """A part of a dataset.

    Args:
        rows: the images of the table.
        numbers: the rows of this part (N,).
        labels: class numbers (N,).
        scanned: what each image holds (N,).
    """

    rows: Sequence[ImageSource]
    numbers: NDArray[np.int64]
    labels: NDArray[np.int64]
    scanned: Sequence[ScannedImage]

    def select(self, index: NDArray[np.int64]) -> "EncodedPart":
        """Return some of the samples."""
        scanned = [self.scanned[number] for number in index.tolist()]
        return EncodedPart(self.rows, self.numbers[index], self.labels[index], scanned)


@dataclass(frozen=True)
class EncodedImages:
    """The images of a table that can be used.

    Args:
        parts: ``train`` and perhaps others.
        classes: names of the classes.
        broken: name and reason of each image that cannot be used.
        digest: of all images and labels.
        notes: for the user.
    """

    parts: Mapping[str, EncodedPart]
    classes: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]
    digest: str
    notes: tuple[str, ...] = ()

    def divide(self, val_share: float, test_share: float, seed: int) -> "EncodedImages":
        """Return the same images with all parts; those that are missing are held out of the training part."""
        parts = complete_parts(self.parts, val_share, test_share, seed)
        digest = hashlib.blake2b(self.digest.encode(), digest_size=8)
        for part in parts.values():
            digest.update(part.numbers.tobytes())
        return replace(self, parts=parts, digest=digest.hexdigest())

    def facts(self, fit: Fit) -> DataFacts:
        """Return what is known of the images."""
        scanned = [row for part in self.parts.values() for row in part.scanned]
        counts = {name: np.bincount(part.labels, minlength=len(self.classes)) for name, part in self.parts.items()}
        return DataFacts(
            source="",
            fields={IMAGE: FieldFacts(IMAGE), LABEL: FieldFacts(LABEL, (), "int64")},
            classes=self.classes,
            parts={name: PartFacts(int(row.sum()), tuple(row.tolist())) for name, row in counts.items()},
            channels=max(row.channels for row in scanned),
            sizes=representative_sizes(Counter((row.width, row.height) for row in scanned)),
            broken=self.broken,
            notes=self.notes,
            digest=self.digest,
            fit=fit,
        )

    def load(self, name: str, shape: tuple[int, ...], fit: Fit, cache: Cache = "auto") -> LoadedDataset:
        """Return the images as a network takes them; see `load_decoded`."""
        channels, height, width = shape
        stored = 3 if channels == 3 else 1
        image = ImageFormat((channels, height, width), (0.0,) * stored, (1.0,) * stored, fit)
        splits = {}
        for part, content in self.parts.items():
            paths = tuple(f"{part} row {number}" for number in content.numbers.tolist())
            labels, workers = torch.from_numpy(content.labels), default_workers()
            splits[part] = EncodedSplit(Path(), paths, labels, image, stored, workers, part=content)
        return load_decoded(name, splits, self.classes, self.facts(fit), cache)


def images_of_tables(tables: Mapping[str, tuple[Any, Path]], image: str, label: str, where: str) -> EncodedImages:
    """Return the usable images of Arrow tables.

    Args:
        tables: the table of each part, and the folder that paths in it are relative to.
        image: name of the column of images; empty recognizes it.
        label: name of the column of labels; empty recognizes it.
        where: what holds the tables, for messages.

    Raises:
        UserError: if the columns are not clear, or no image can be used.
    """
    columns = find_columns(tables["train"][0].schema, where, image, label)
    rows, values, notes = {}, {}, []
    for part, (table, folder) in tables.items():
        find_columns(table.schema, f"{where} ({part})", columns.image, columns.label)
        labels = read_labels(table, columns, f"{where} ({part})")
        # Published test parts may hide their labels behind -1.
        if part != "train" and columns.classes and labels.dtype.kind in "iu" and len(labels) and labels.max() < 0:
            notes.append(f"the samples of {part} have no labels and are left out")
            continue
        rows[part], values[part] = ImageRows(table.column(columns.image), folder), labels
    numbers, classes = number_labels(list(values.values()), where, columns.classes)
    checked = check_images({part: (rows[part], numbers[n]) for n, part in enumerate(rows)}, classes, where)
    return replace(checked, notes=tuple(notes))


def check_images(
    parts: Mapping[str, tuple[Sequence[ImageSource], NDArray[np.int64]]], classes: tuple[str, ...], where: str
) -> EncodedImages:
    """Decode every image once and leave out those that cannot be read.

    Args:
        parts: the images of each part and their class numbers.
        classes: names of the classes.
        where: what holds them, for messages.

    Raises:
        UserError: if no image of the training part can be read.
    """
    digest = hashlib.blake2b(digest_size=8)
    broken: list[tuple[str, str]] = []
    usable: dict[str, EncodedPart] = {}
    for part, (rows, labels) in parts.items():
        numbers, scanned = [], []
        for low in range(0, len(rows), BLOCK):
            sources = rows[low : low + BLOCK]
            for number, source, result in zip(range(low, len(rows)), sources, scan_files(sources), strict=False):
                if result.usable:
                    numbers.append(number)
                    scanned.append(result)
                else:
                    broken.append((f"{part} row {number}", result.reason))
                digest.update(_fingerprint(part, int(labels[number]), source))
        if not numbers:
            reason = broken[-1][1] if broken else "there are none"
            raise UserError(f"{where}: no image of {part} can be used ({reason})")
        index = np.array(numbers, dtype=np.int64)
        usable[part] = EncodedPart(rows, index, labels[index], scanned)
    return EncodedImages(usable, classes, tuple(broken), digest.hexdigest())


def _fingerprint(part: str, label: int, source: ImageSource) -> bytes:
    content = source.content if isinstance(source, EncodedImage) else str(source).encode(errors="replace")
    return f"{part} {label} {len(content)} ".encode() + content[-TAIL:]


@dataclass(frozen=True)
class EncodedSplit(FileSplit):
    """Samples in the rows of a table.

    Args:
        part: the samples.
    """

    part: EncodedPart = field(kw_only=True)

    def source(self, index: int) -> ImageSource:
        """Return what a sample is decoded from."""
        return self.part.rows[int(self.part.numbers[index])]


class EncodedDataset(Dataset):
    """A dataset whose images are files within a table.

    Args:
        fit: how images of other proportions meet the input.
        val_share: share of the training samples that is held out for validation, where there is no such part.
        test_share: share of the samples that is held out for the test, where there is no such part.
        split_seed: seed of the division into parts.
    """

    def __init__(self, fit: Fit, val_share: float, test_share: float, split_seed: int) -> None:
        self.fit: Fit = fit
        self.division = (val_share, test_share, split_seed)

    @abstractmethod
    def images(self) -> EncodedImages:
        """Read the images, in the parts that the source has."""

    def load(self, shapes: Shapes) -> LoadedDataset:
        """Read the images and decode them in the size of the field ``image``."""
        name = type(self).__module__.rpartition(".")[2]
        return self.images().divide(*self.division).load(name, shapes[IMAGE], self.fit)

    def facts(self) -> DataFacts:
        """Return classes, counts, sizes and broken images."""
        return self.images().divide(*self.division).facts(self.fit)
