"""Write the images of a dataset as PNG files: a folder a part, in it one a class, as `images` reads them.

Where the object of an image is known, ``boxes.csv`` lists it.
"""

import csv
import io
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

import torch
from PIL import Image
from torch import Tensor

from composer.core.errors import UserError
from composer.core.files.atomic import shown, umask
from composer.core.files.litter import LITTER
from composer.core.graph import ExtensionRef
from composer.core.training_inputs import BOX, IMAGE, LABEL
from composer.engine.training.datasets import LoadedDataset, load, load_facts
from composer.engine.training.datasets.image_folder.listing import BOXES
from composer.engine.training.datasets.splits import Split

COLUMNS = ("path", "label", "left", "top", "right", "bottom")
DRAWN_SIDE = 64  # of images that are drawn at any size
BATCH = 256  # images that are converted at a time
# Characters that every file system takes in a name.
UNSAFE = re.compile(r"[^\w \-.#+()]")


def write_folder(reference: ExtensionRef, folder: Path, size: tuple[int, int] | None = None) -> dict[str, int]:
    """Write the images of a dataset.

    Args:
        reference: the dataset, with its options.
        folder: a new or an empty folder; it holds all images, or is as before.
        size: width and height of the images; by default the median size that they have.

    Returns:
        The number of images of each part.

    Raises:
        UserError: if the dataset has no labelled images or cannot be loaded, or the folder cannot be written.
    """
    _check_folder(folder)
    data = _load(reference, size)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target, and moved there when it is complete.
        unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name:.40}.", suffix=".part", dir=folder.parent))
        try:
            counts = _write(data, unfinished)
            unfinished.chmod(0o777 & ~umask())
            with suppress(FileNotFoundError):
                shutil.rmtree(folder)  # empty, or with litter only
            unfinished.rename(folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    except OSError as error:
        raise UserError(f"{shown(folder)}: cannot be written: {error.strerror or error}") from None
    return counts


def folder_names(classes: Sequence[str]) -> list[str]:
    """Return a different and safe folder name for each class."""
    names: list[str] = []
    for name in classes:
        safe = UNSAFE.sub("_", name).strip(" .") or "_"
        taken = {other.lower() for other in names}
        number = 2
        unique = safe
        while unique.lower() in taken:
            unique, number = f"{safe} {number}", number + 1
        names.append(unique)
    return names


def _check_folder(folder: Path) -> None:
    """Refuse a folder that holds files."""
    try:
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{shown(folder)} is a file; choose a new or an empty folder")
        others = sorted(path.name for path in folder.iterdir() if path.name not in LITTER) if folder.is_dir() else []
    except (OSError, ValueError) as error:
        raise UserError(f"{shown(folder)}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if others:
        raise UserError(f"{shown(folder)} is not empty: it holds {others[0]}; choose a new or an empty folder")


def _load(reference: ExtensionRef, size: tuple[int, int] | None) -> LoadedDataset:
    """Load a dataset in the size of its images."""
    facts = load_facts(reference)
    if IMAGE not in facts.fields or not facts.classes:
        raise UserError(f"{reference.name} has no images with classes to write; choose another source")
    width, height = size or (facts.sizes[len(facts.sizes) // 2] if facts.sizes else (DRAWN_SIDE, DRAWN_SIDE))
    return load(reference, {IMAGE: (3 if facts.channels == 3 else 1, height, width)})


def _write(data: LoadedDataset, folder: Path) -> dict[str, int]:
    """Write all parts, and the boxes where there are any."""
    names = folder_names(data.classes)
    rows: list[tuple[object, ...]] = []
    for part, split in data.parts().items():
        for name in names:
            (folder / part / name).mkdir(parents=True)
        digits = len(str(len(split) - 1))
        for number, label, pixels, box in _samples(data, split):
            path = PurePosixPath(part, names[label], f"{number:0{digits}d}.png")
            Image.fromarray(pixels.numpy()).save(folder / path)
            if box is not None:
                rows.append((path, names[label], *(f"{value:.6f}" for value in box.tolist())))
    if rows:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
        (folder / BOXES).write_text(text.getvalue(), encoding="utf-8")
    return {part: len(split) for part, split in data.parts().items()}


def _samples(data: LoadedDataset, split: Split) -> Iterator[tuple[int, int, Tensor, Tensor | None]]:
    """Yield number, class, pixels (H, W) or (H, W, 3), and box of each sample."""
    image = data.image_format()
    for low in range(0, len(split), BATCH):
        batch = split.take(slice(low, low + BATCH))
        pixels = (image.denormalize(batch[IMAGE]) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
        boxes = batch.get(BOX)
        for offset, label in enumerate(batch[LABEL].tolist()):
            box = boxes[offset] if boxes is not None else None
            yield low + offset, label, pixels[offset].squeeze(2), box
