"""The usable images of a folder: their classes, their division into parts, and what is known of them."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from composer.core.data_facts import PARTS, DataFacts, FieldFacts, PartFacts, representative_sizes
from composer.core.errors import UserError
from composer.core.name_list import list_names
from composer.core.training_inputs import IMAGE, LABEL
from composer.engine.training.datasets.image_folder.listing import ListedImage, Listing, class_order
from composer.engine.training.datasets.image_folder.scan import ScannedImage
from composer.engine.training.datasets.splits import stratified_split

SHOWN_NOTES = 3
PART_TITLES = {"val": "validation", "test": "test"}
Parts = Mapping[str, tuple[ListedImage, ...]]


@dataclass(frozen=True)
class Division:
    """How samples are divided that a folder does not divide.

    Args:
        val_share: part of each class that is held out for validation.
        test_share: part of each class that is held out for the test.
        seed: seed of the division.
    """

    val_share: float
    test_share: float
    seed: int


@dataclass(frozen=True)
class Samples:
    """The usable images of a folder.

    Args:
        listing: where they are.
        classes: names of the classes.
        parts: the images of each part, in the order of their paths.
        facts: what is known of them.
    """

    listing: Listing
    classes: tuple[str, ...]
    parts: Parts
    facts: DataFacts

    def labels(self, part: str) -> Tensor:
        """Return the class of each image of a part (N,)."""
        numbers = {name: number for number, name in enumerate(self.classes)}
        return torch.tensor([numbers[item.label] for item in self.parts[part]], dtype=torch.int64)


def usable_samples(
    folder: Path, listing: Listing, scanned: Sequence[ScannedImage], division: Division, fit: str
) -> Samples:
    """Return the images that can be read, divided into parts.

    Args:
        folder: what the user names, for messages.
        listing: the files.
        scanned: what each file holds.
        division: how samples are divided that the folder does not divide.
        fit: how an image meets the input, for the facts.

    Raises:
        UserError: if there are too few images or classes to train with.
    """
    images = [item for item, row in zip(listing.images, scanned, strict=True) if row.usable]
    if not images:
        count, path, reason = len(scanned), listing.images[0].path, scanned[0].reason
        raise UserError(f"{folder}: none of its {count:,} images can be read; {path}: {reason}")
    classes = class_order({item.label for item in images if item.part in ("", "train")})
    _check_classes(folder, images, classes)
    parts = _divide(folder, images, division)
    return Samples(listing, classes, parts, _facts(listing, scanned, classes, parts, fit))


def _check_classes(folder: Path, images: Sequence[ListedImage], classes: tuple[str, ...]) -> None:
    """Refuse a folder of a single class, and classes that training images lack."""
    if extra := class_order({item.label for item in images} - set(classes)):
        raise UserError(
            f"{folder}: the class {list_names(list(extra))} has no usable image in train; add some, or move it away"
        )
    if len(classes) < 2:
        raise UserError(
            f"{folder}: has one class only ({''.join(classes)}); expected a sub-folder for each of two or more classes"
        )


def _divide(folder: Path, images: Sequence[ListedImage], division: Division) -> Parts:
    """Return the images of each part; what the folder does not divide is divided by class with the seed."""
    parts = {name: [item for item in images if item.part == name] for name in PARTS}
    parts["train"] += [item for item in images if not item.part]
    val_share = division.val_share
    if parts["train"][0].part == "" and division.test_share:
        parts["train"], parts["test"] = _hold_out(parts["train"], division.test_share, division.seed)
        val_share = min(0.9, division.val_share / (1 - division.test_share))
    if not parts["val"]:
        parts["train"], parts["val"] = _hold_out(parts["train"], val_share, division.seed)
    if not parts["val"]:
        raise UserError(f"{folder}: no class has two images, so none can be held out for validation; add images")
    return {name: tuple(items) for name, items in parts.items() if items}


def _hold_out(images: list[ListedImage], share: float, seed: int) -> tuple[list[ListedImage], list[ListedImage]]:
    numbers = {name: number for number, name in enumerate(class_order({item.label for item in images}))}
    labels = np.array([numbers[item.label] for item in images], dtype=np.int64)
    rest, held_out = stratified_split(labels, share, seed)
    return [images[number] for number in rest], [images[number] for number in held_out]


def _facts(
    listing: Listing, scanned: Sequence[ScannedImage], classes: tuple[str, ...], parts: Parts, fit: str
) -> DataFacts:
    pairs = list(zip(listing.images, scanned, strict=True))
    notes = [*listing.notes]
    odd = [f"{item.path}: {row.note}" for item, row in pairs if row.note]
    notes += odd[:SHOWN_NOTES]
    if len(odd) > SHOWN_NOTES:
        notes.append(f"{len(odd) - SHOWN_NOTES:,} more images hold values that are not finite numbers")
    labels = {item.label for item in listing.images} | set(listing.empty_classes)
    if without := class_order(labels - set(classes)):
        verb = "is a class without a usable image and is" if len(without) == 1 else "are classes without images and are"
        notes.append(f"{list_names(list(without))} {verb} left out")
    contents = {item.path: row.digest for item, row in pairs}
    notes += _repeated(parts, contents)
    counts = {name: Counter(item.label for item in items) for name, items in parts.items()}
    return DataFacts(
        source="",
        fields={IMAGE: FieldFacts(IMAGE), LABEL: FieldFacts(LABEL, (), "int64")},
        classes=classes,
        parts={
            name: PartFacts(len(items), tuple(counts[name][label] for label in classes))
            for name, items in parts.items()
        },
        channels=max(row.channels for row in scanned if row.usable),
        sizes=representative_sizes(Counter((row.width, row.height) for row in scanned if row.usable)),
        broken=(*listing.broken, *((item.path, row.reason) for item, row in pairs if not row.usable)),
        notes=tuple(notes),
        digest=_digest(parts, contents),
        fit=fit,
    )


def _repeated(parts: Parts, contents: Mapping[str, str]) -> list[str]:
    """Return notes on files that are learned from and measured on, which makes a result look better than it is.

    Args:
        parts: the images.
        contents: digest of each file.
    """
    train = {contents[item.path]: item.path for item in parts["train"] if contents[item.path]}
    notes = []
    for part in ("val", "test"):
        same = [item.path for item in parts.get(part, ()) if contents[item.path] in train]
        if same:
            verb = "image is" if len(same) == 1 else "images are"
            notes.append(
                f"{len(same):,} {PART_TITLES[part]} {verb} among the training images, too: {same[0]} is the same file "
                f"as {train[contents[same[0]]]}"
            )
    return notes


def _digest(parts: Parts, contents: Mapping[str, str]) -> str:
    """Return a digest of names, contents and classes of the images of all parts; not of where the folder is.

    Args:
        parts: the images.
        contents: digest of each file.
    """
    digest = hashlib.blake2b(digest_size=8)
    for name, items in parts.items():
        for item in items:
            digest.update(f"{name}\0{item.path}\0{item.label}\0{contents[item.path]}\n".encode(errors="replace"))
    return digest.hexdigest()
