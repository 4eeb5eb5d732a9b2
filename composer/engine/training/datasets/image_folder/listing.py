"""Which files of a folder are samples, of which class and of which part: by sub-folders, or by a list in CSV or JSONL.

A sub-folder is a class, and folders inside it belong to it. Folders named train, val and test hold such sub-folders.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from composer.core.errors import UserError
from composer.core.name_list import list_names
from composer.engine.training.datasets.image_folder.walk import FolderContents, WalkedFile, walk

_SUFFIXES = """
.png .jpg .jpeg .jpe .jfif .mpo .webp .bmp .dib .gif .tif .tiff .ppm .pgm .pbm .pnm .jp2 .j2k .avif .tga .ico .qoi
"""
SUFFIXES = frozenset(_SUFFIXES.split())
# How people name the folders of the parts.
PART_OF = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "eval": "val",
    "test": "test",
    "testing": "test",
}
BOXES = "boxes.csv"  # where `netcomposer datasets --write` lists the objects of the images it writes


@dataclass(frozen=True, slots=True)
class ListedImage:
    """A file that may be a sample.

    Args:
        path: path below the root, with slashes, or an absolute path.
        label: name of its class.
        part: ``train``, ``val`` or ``test``; empty if the source does not divide its samples.
        size: bytes.
        changed: time of its last change in nanoseconds.
    """

    path: str
    label: str
    part: str
    size: int
    changed: int


@dataclass(frozen=True)
class Listing:
    """The samples of a folder, not opened.

    Args:
        root: what paths are relative to.
        images: in the order of their paths.
        empty_classes: names of folders without an image.
        broken: names of samples without a usable file, each with its reason.
        notes: what a user should know of what was left out.
    """

    root: Path
    images: tuple[ListedImage, ...]
    empty_classes: tuple[str, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def stamp(self) -> str:
        """Return a digest of names, sizes and times of change."""
        digest = hashlib.blake2b(digest_size=8)
        for item in self.images:
            digest.update(
                f"{item.path}\0{item.label}\0{item.part}\0{item.size}\0{item.changed}\n".encode(errors="replace")
            )
        return digest.hexdigest()

    def file(self, image: ListedImage) -> Path:
        """Return the path of a sample's file."""
        return self.root / image.path


def class_order(names: set[str]) -> tuple[str, ...]:
    """Return class names in the order of their numbers: as numbers if all are, else in alphabetical order."""
    if all(name.isascii() and name.isdigit() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def list_folder(root: Path) -> Listing:
    """Return the samples of a folder.

    Raises:
        UserError: if it cannot be read or has no classes.
    """
    contents = walk(root)
    images = [item for item in contents.files if _suffix(item) in SUFFIXES]
    notes = list(contents.notes)
    others = [item.path for item in contents.files if _suffix(item) not in SUFFIXES and item.parts[-1] != BOXES]
    if others:
        verb = "is no image" if len(others) == 1 else "are no images"
        notes.append(f"{len(others):,} {'file' if len(others) == 1 else 'files'} {verb}: {list_names(others)}")
    if not images:
        raise UserError(f"{root}: holds no image; expected a sub-folder with images for each class")
    depth = 0
    while (roles := _part_folders(root, images, depth)) is None and _is_wrapper(images, depth):
        depth += 1
    if roles is None:
        return _by_class(root, contents, images, depth, notes)
    return _by_part(root, contents, images, depth, roles, notes)


def _suffix(item: WalkedFile) -> str:
    _, dot, suffix = item.parts[-1].rpartition(".")
    return f"{dot}{suffix.lower()}"


def _part_folders(root: Path, images: list[WalkedFile], depth: int) -> dict[str, str] | None:
    """Return which folders are parts, by name; None if the folders are classes.

    Raises:
        UserError: if there is no training part, or two folders are the same part.
    """
    tops = sorted({item.parts[depth] for item in images if len(item.parts) > depth + 1})
    roles = {top: PART_OF[top.lower()] for top in tops if top.lower() in PART_OF}
    others = len(tops) - len(roles)
    if not roles or (others and len(set(roles.values())) < 2):  # a class may be named "train"
        return None
    folder = root.joinpath(*images[0].parts[:depth])
    for role in set(roles.values()):
        same = [top for top in roles if roles[top] == role]
        if len(same) > 1:
            raise UserError(f"{folder}: {' and '.join(same)} name the same part; keep one of them")
    if "train" not in roles.values():
        raise UserError(
            f"{folder}: has {' and '.join(roles)}, but no folder train; rename the folder with training images"
        )
    return roles


def _is_wrapper(images: list[WalkedFile], depth: int) -> bool:
    """Return whether all images are in one folder that only wraps the classes, as unpacked archives have it."""
    return all(len(item.parts) > depth + 2 for item in images) and len({item.parts[depth] for item in images}) == 1


def _by_class(root: Path, contents: FolderContents, images: list[WalkedFile], depth: int, notes: list[str]) -> Listing:
    """Return a listing whose folders at a depth are the classes."""
    samples = [
        ListedImage(item.path, item.parts[depth], "", item.size, item.changed)
        for item in images
        if len(item.parts) > depth + 1
    ]
    loose = [item.path for item in images if len(item.parts) <= depth + 1]
    if not samples:
        raise UserError(
            f"{root}: its {len(loose):,} images are in no sub-folder; make a sub-folder for each class, "
            "or list them in a CSV file with the columns path and label"
        )
    if loose:
        notes.append(f"{_images(loose)} beside the folders of the classes and left out: {list_names(loose)}")
    folders = {parts[depth] for parts in contents.folders if len(parts) == depth + 1}
    empty = class_order(folders - {item.label for item in samples})
    return Listing(root, tuple(samples), empty, notes=tuple(notes))


def _by_part(
    root: Path, contents: FolderContents, images: list[WalkedFile], depth: int, roles: dict[str, str], notes: list[str]
) -> Listing:
    """Return a listing whose folders at a depth are the parts, with the classes inside them."""
    samples, loose, outside = [], [], []
    for item in images:
        if item.parts[depth] not in roles:
            outside.append(item.path)
        elif len(item.parts) <= depth + 2:
            loose.append(item.path)
        else:
            part = roles[item.parts[depth]]
            samples.append(ListedImage(item.path, item.parts[depth + 1], part, item.size, item.changed))
    if loose:
        notes.append(f"{_images(loose)} in no folder of a class and left out: {list_names(loose)}")
    if outside:
        notes.append(f"{_images(outside)} outside {', '.join(roles)} and left out: {list_names(outside)}")
    train = {item.label for item in samples if item.part == "train"}
    if not train:
        name = next(top for top in roles if roles[top] == "train")
        raise UserError(f"{root / name}: has no sub-folder with images; expected one for each class")
    for part in ("val", "test"):
        if extra := class_order({item.label for item in samples if item.part == part} - train):
            raise UserError(
                f"{root}: {part} has the class {list_names(list(extra))}, which train lacks; "
                "add images of it to train, or move it away"
            )
    folders = {
        parts[depth + 1] for parts in contents.folders if len(parts) == depth + 2 and roles.get(parts[depth]) == "train"
    }
    return Listing(root, tuple(samples), class_order(folders - train), notes=tuple(notes))


def _images(paths: list[str]) -> str:
    return "1 image is" if len(paths) == 1 else f"{len(paths):,} images are"
