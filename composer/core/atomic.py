"""Files that are either whole or not there: written beside the target, flushed, put in its place."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from composer.core.errors import DesignError


def write_atomically(path: Path, write: Callable[[Any], None]) -> None:
    """Write a file beside the target, flush it to the disk, then put it in the target's place: a kill leaves the old or the new whole.

    Args:
        path: target; a symbolic link is followed, so that the file it points to is replaced.
        write: gets the open binary file.

    Raises:
        DesignError: if the folder cannot be written; the target is untouched.
    """
    temporary: Path | None = None
    try:
        path = path.resolve()
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
        temporary = None
        _sync_folder(path.parent)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise DesignError(f"{shown(path)}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    if hasattr(os, "O_DIRECTORY"):  # not on Windows, where a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def shown(path: Path) -> str:
    """A path as it may stand in a message: on one line, whatever its name holds."""
    return str(path) if str(path).isprintable() else repr(str(path))
