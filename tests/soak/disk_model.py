"""A model of a disk under a power cut: what may be on it after any prefix of the operations of a program.

The model is pessimistic where POSIX permits it: data that was not flushed may be missing, cut short or zero; an entry
of a folder (create, rename, unlink) may be missing until the folder was flushed, and later entries may be there without
earlier ones. Folders themselves exist as soon as they are made, because every common file system flushes a new folder
with the first file that is flushed inside it.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.file_operations import Operation

Contents = dict[str, bytes]
# Random combinations besides the systematic ones.
MIXED = 2
# Choices of entries at one moment: more than this many are pending only where many small files are never flushed.
MOST_CHOICES = 24


@dataclass
class _File:
    content: bytearray = field(default_factory=bytearray)
    synced: bytes = b""


@dataclass
class _Entry:
    """A change of folder entries that may not be on the disk yet: `target` gets `file`, `source` goes."""

    source: str
    target: str
    file: _File | None

    @property
    def folders(self) -> set[str]:
        return {os.path.dirname(path) for path in (self.source, self.target) if path}  # noqa: PTH120 - text paths


class Disk:
    """The state of a folder on a disk.

    Args:
        contents: the files at the start, which are on the disk.
        folders: the folders at the start.
    """

    def __init__(self, contents: Contents, folders: set[str] | None = None) -> None:
        self._names = {path: _File(bytearray(data), data) for path, data in contents.items()}
        self._durable = dict(self._names)
        self._pending: list[_Entry] = []
        self.folders = set(folders or ())

    @classmethod
    def of(cls, folder: Path) -> "Disk":
        """Read a folder."""
        root = Path(os.path.realpath(folder))
        files = {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        return cls(files, {str(path) for path in [root, *root.rglob("*")] if path.is_dir()})

    def apply(self, operation: Operation) -> None:
        """Apply one operation."""
        path = operation.path
        match operation.kind:
            case "create":
                self._names[path] = _File()
                self._pending.append(_Entry("", path, self._names[path]))
            case "write":
                content = self._names[path].content
                end = operation.offset + len(operation.data)
                content.extend(bytes(max(0, end - len(content))))
                content[operation.offset : end] = operation.data
            case "truncate":
                del self._names[path].content[operation.offset :]
            case "fsync" if path in self._names:
                self._names[path].synced = bytes(self._names[path].content)
            case "fsync":
                self._flush(path)
            case "rename":
                self._names[operation.target] = self._names.pop(path)
                self._pending.append(_Entry(path, operation.target, self._names[operation.target]))
            case "unlink":
                self._names.pop(path, None)
                self._pending.append(_Entry(path, "", None))
            case "mkdir":
                self.folders.add(path)
            case "rmdir":
                self.folders.discard(path)

    def _flush(self, folder: str) -> None:
        later = []
        for entry in self._pending:
            if folder in entry.folders:
                _change(self._durable, entry)
            else:
                later.append(entry)
        self._pending = later

    def states(self, generator: random.Random) -> Iterator[Contents]:
        """Yield what may be on the disk after a power cut now, each state once."""
        number = len(self._pending)
        choices = [tuple(range(length)) for length in range(number + 1)]
        choices += [(index,) for index in range(number)]
        choices += [tuple(index for index in range(number) if generator.random() < 0.5) for _ in range(MIXED)]
        if len(choices) > MOST_CHOICES:
            choices = [choices[0], choices[number], *generator.sample(choices, MOST_CHOICES)]
        seen: set[frozenset[tuple[str, bytes]]] = set()
        for choice in choices:
            names = dict(self._durable)
            for index in choice:
                _change(names, self._pending[index])
            for damage in (_lost, _whole, _cut, _zeros):
                contents = {path: damage(file, generator) for path, file in names.items()}
                key = frozenset(contents.items())
                if key not in seen:
                    seen.add(key)
                    yield contents

    def write(self, contents: Contents, root: Path, target: Path) -> None:
        """Write a state of the folder `root` to another folder."""
        base = Path(os.path.realpath(root))
        for folder in sorted(self.folders):
            (target / Path(folder).relative_to(base)).mkdir(parents=True, exist_ok=True)
        for path, data in contents.items():
            file = target / Path(path).relative_to(base)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


def _change(names: dict[str, _File], entry: _Entry) -> None:
    if entry.source:
        names.pop(entry.source, None)
    if entry.target and entry.file is not None:
        names[entry.target] = entry.file


def _lost(file: _File, _generator: random.Random) -> bytes:
    return file.synced


def _whole(file: _File, _generator: random.Random) -> bytes:
    return bytes(file.content)


def _cut(file: _File, generator: random.Random) -> bytes:
    """Return the flushed part and a piece of the rest."""
    content = bytes(file.content)
    if content == file.synced:
        return content
    return content[: generator.randint(_common_length(file), len(content))]


def _zeros(file: _File, generator: random.Random) -> bytes:
    """Return the length of the file with zeros where data was not flushed, as some file systems leave it."""
    content = bytes(file.content)
    if content == file.synced:
        return content
    start = generator.randint(_common_length(file), len(content))
    return content[:start] + bytes(len(content) - start)


def _common_length(file: _File) -> int:
    """Return how many bytes at the start are on the disk in any case."""
    pairs = zip(file.content, file.synced, strict=False)
    return next(
        (index for index, (one, two) in enumerate(pairs) if one != two), min(len(file.content), len(file.synced))
    )
