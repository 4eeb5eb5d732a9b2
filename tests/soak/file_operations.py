"""Python's file functions with an observer in front: it sees each operation below a folder, and may make it fail.

What libraries write by themselves in C or C++ (SQLite, QSettings, numpy's tofile) is not seen.
"""

import _io
import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITING = frozenset("wxa+")


@dataclass(frozen=True)
class Operation:
    """One operation on a file or folder.

    Args:
        kind: ``create``, ``truncate``, ``write``, ``fsync``, ``rename``, ``unlink``, ``mkdir``, ``rmdir``; a recorder
            adds ``mark``.
        path: absolute path.
        target: new path of a rename; text of a mark.
        data: written bytes.
        offset: where they go; the new length for ``truncate``.
    """

    kind: str
    path: str
    target: str = ""
    data: bytes = b""
    offset: int = 0


class Observer:
    """Sees operations; subclasses override what they need."""

    def before(self, operation: Operation) -> None:
        """Called before an operation; an OSError makes it fail."""

    def after(self, operation: Operation) -> None:
        """Called after an operation that succeeded."""


class Recorder(Observer):
    """Stores all operations in their order.

    Attributes:
        operations: what was recorded.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def after(self, operation: Operation) -> None:
        self.operations.append(operation)

    def mark(self, text: str) -> None:
        """Note a moment between two operations, such as a promise to the user."""
        self.operations.append(Operation("mark", "", text))


class Failing(Observer):
    """Lets operations fail.

    Args:
        error: number of the error.
        first: index of the first operation that fails; counted from 0.
        lasting: whether all later ones fail too, as on a disk that stays full.
        kinds: kinds of operations that count and fail.

    Attributes:
        seen: operations so far.
    """

    def __init__(self, error: int, first: int, *, lasting: bool, kinds: frozenset[str]) -> None:
        self.error, self.first, self.lasting, self.kinds = error, first, lasting, kinds
        self.seen = 0

    def before(self, operation: Operation) -> None:
        if operation.kind not in self.kinds:
            return
        index, self.seen = self.seen, self.seen + 1
        if index == self.first or (self.lasting and index > self.first):
            raise OSError(self.error, os.strerror(self.error), operation.path)


class Calling(Observer):
    """Calls a function before one operation.

    Args:
        function: what to call.
        index: before which operation, counted from 0.

    Attributes:
        seen: operations so far.
    """

    def __init__(self, function: Callable[[], object], index: int) -> None:
        self.function, self.index = function, index
        self.seen = 0

    def before(self, operation: Operation) -> None:
        index, self.seen = self.seen, self.seen + 1
        if index == self.index:
            self.function()


class _Watch:
    """The observer, the folder it watches, and the paths of open descriptors."""

    def __init__(self, folder: Path, observer: Observer) -> None:
        self.folder = os.path.join(os.path.realpath(folder), "")  # noqa: PTH118 - called inside pathlib's own functions
        self.observer = observer
        self.paths: dict[int, str] = {}

    def covers(self, path: str) -> bool:
        return (path + os.sep).startswith(self.folder)

    @contextmanager
    def operation(self, kind: str, path: str, **values: Any) -> Iterator[None]:
        if not self.covers(path):
            yield
            return
        operation = Operation(kind, path, **values)
        self.observer.before(operation)
        yield
        self.observer.after(operation)


class _WatchedFile(io.FileIO):
    """A file whose writes are operations."""

    def __init__(self, watch: _Watch, file: Any, mode: str, closefd: bool, opener: Any) -> None:
        self._watch = watch
        super().__init__(file, mode, closefd=closefd, opener=opener)
        descriptor = self.fileno()
        if opener is None and not isinstance(file, int):
            watch.paths[descriptor] = _absolute(file)
        self._path = watch.paths.get(descriptor, "")
        self._appends = "a" in mode

    def write(self, data: Any) -> int:
        content = bytes(data)
        offset = os.fstat(self.fileno()).st_size if self._appends else self.tell()
        with self._watch.operation("write", self._path, data=content, offset=offset):
            return super().write(content)

    def truncate(self, size: int | None = None) -> int:
        length = self.tell() if size is None else size
        with self._watch.operation("truncate", self._path, offset=length):
            return super().truncate(length)


def _absolute(path: Any) -> str:
    return os.path.realpath(os.fspath(path)) if not isinstance(path, int) else ""


def _entry(path: Any) -> str:
    """Return the absolute path of a folder entry; a link at its end is not followed."""
    text = os.fspath(path)
    head, tail = os.path.split(os.path.abspath(text))  # noqa: PTH100 - called inside pathlib's own functions
    return os.path.join(os.path.realpath(head), tail)  # noqa: PTH118 - as above


@contextmanager
def watched(folder: Path, observer: Observer) -> Iterator[None]:
    """Send the file operations below a folder through an observer, in all threads of this process."""
    watch = _Watch(folder, observer)
    real: dict[str, Any] = {
        name: getattr(os, name) for name in ("open", "fsync", "replace", "rename", "unlink", "remove", "mkdir", "rmdir")
    }
    real_open = builtins.open

    def open_file(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        path = _absolute(file)
        if not WRITING & set(mode) or not (watch.covers(path) or isinstance(file, int)):
            return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw_mode = mode.replace("b", "").replace("t", "")
        exists = os.path.exists(path)  # noqa: PTH110 - called inside pathlib's own functions
        plain = opener is None and not isinstance(file, int)
        if plain and exists and "w" in mode:
            with watch.operation("truncate", path):
                raw = _WatchedFile(watch, file, raw_mode, closefd, opener)
        elif plain and not exists and "r" not in mode:
            with watch.operation("create", path):
                raw = _WatchedFile(watch, file, raw_mode, closefd, opener)
        else:
            raw = _WatchedFile(watch, file, raw_mode, closefd, opener)
        if "b" in mode and buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        text = io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)
        text.mode = mode
        return text

    def open_descriptor(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        absolute = _absolute(path) if dir_fd is None else ""
        if flags & os.O_CREAT and not os.path.lexists(absolute):
            with watch.operation("create", absolute):
                descriptor: int = real["open"](path, flags, mode, dir_fd=dir_fd)
        else:
            descriptor = real["open"](path, flags, mode, dir_fd=dir_fd)
        watch.paths[descriptor] = absolute
        return descriptor

    def fsync(descriptor: Any) -> None:
        number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
        with watch.operation("fsync", watch.paths.get(number, "")):
            real["fsync"](descriptor)

    def rename(source: Any, target: Any, **options: Any) -> None:
        with watch.operation("rename", _entry(source), target=_entry(target)):
            real["replace"](source, target, **options)

    def unlink(path: Any, *, dir_fd: int | None = None) -> None:
        with watch.operation("unlink", _entry(path) if dir_fd is None else ""):
            real["unlink"](path, dir_fd=dir_fd)

    def mkdir(path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        with watch.operation("mkdir", _entry(path)):
            real["mkdir"](path, mode, dir_fd=dir_fd)

    def rmdir(path: Any, *, dir_fd: int | None = None) -> None:
        with watch.operation("rmdir", _entry(path) if dir_fd is None else ""):
            real["rmdir"](path, dir_fd=dir_fd)

    patched = {
        "open": open_descriptor,
        "fsync": fsync,
        "replace": rename,
        "rename": rename,
        "unlink": unlink,
        "remove": unlink,
        "mkdir": mkdir,
        "rmdir": rmdir,
    }
    try:
        for name, function in patched.items():
            setattr(os, name, function)
        builtins.open = io.open = _io.open = open_file  # type: ignore[assignment]
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)
        builtins.open = io.open = _io.open = real_open
