"""All files below a folder; hidden ones and what systems leave behind are skipped, links are followed once."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from composer.core.errors import UserError

# Folders and files of operating systems, archives and network drives that hold no data.
LITTER = frozenset({"__macosx", "@eadir", "thumbs.db", "desktop.ini", "$recycle.bin", "system volume information"})
MAX_DEPTH = 64  # of folders in folders; deeper ones are mistakes
Components = tuple[str, ...]  # the components of a path below the folder


@dataclass(frozen=True, slots=True)
class WalkedFile:
    """A file below a folder.

    Args:
        parts: the components of its path below the folder.
        size: bytes.
        changed: time of its last change in nanoseconds.
    """

    parts: Components
    size: int
    changed: int

    @property
    def path(self) -> str:
        """Path below the folder, with slashes on every system."""
        return "/".join(self.parts)


@dataclass
class FolderContents:
    """The contents of a folder.

    Attributes:
        files: in the order of their paths.
        folders: the components of the path of each folder.
        notes: what was not followed, in sentences.
    """

    files: list[WalkedFile] = field(default_factory=list)
    folders: list[Components] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def walk(root: Path) -> FolderContents:
    """Return all files below a folder.

    Raises:
        UserError: if the folder, or one below it, cannot be read.
    """
    contents = FolderContents()
    status = root.stat()
    for item in _walk(root, (), ((status.st_dev, status.st_ino),), contents):
        contents.files.append(item)
    contents.files.sort(key=lambda item: item.parts)
    contents.folders.sort()
    return contents


def _walk(
    folder: Path, parts: Components, above: tuple[tuple[int, int], ...], contents: FolderContents
) -> Iterator[WalkedFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be read: {error.strerror or error}; make it readable or move it away"
        ) from None
    for entry in entries:
        if entry.name.startswith(".") or entry.name.lower() in LITTER:
            continue
        inner = (*parts, entry.name)
        try:
            status = entry.stat()
        except OSError:  # a link to nothing
            contents.notes.append(f"{'/'.join(inner)} is a link to a file that does not exist")
            continue
        if stat.S_ISREG(status.st_mode):
            yield WalkedFile(inner, status.st_size, status.st_mtime_ns)
        elif stat.S_ISDIR(status.st_mode):
            identity = (status.st_dev, status.st_ino)
            if entry.is_symlink() and identity in above:
                contents.notes.append(f"{'/'.join(inner)} is a link to a folder above it and is not followed")
                continue
            if len(inner) > MAX_DEPTH:
                contents.notes.append(f"{'/'.join(inner[:3])}/...: folders are nested more than {MAX_DEPTH} deep")
                continue
            contents.folders.append(inner)
            yield from _walk(Path(entry.path), inner, (*above, identity), contents)
