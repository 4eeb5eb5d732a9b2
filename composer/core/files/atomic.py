"""Files that are either complete or unchanged: written beside the target, flushed, and moved to its path."""

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from composer.core.errors import DesignError


def write_atomically(path: Path, write: Callable[[Any], None]) -> None:
    """Write a file beside the target, flush it to the disk, and move it there: a kill leaves the old or the new file
    complete.

    Args:
        path: target; a symbolic link is followed, so that the file it points to is replaced.
        write: gets the open binary file.

    Raises:
        DesignError: if the folder cannot be written, or the target is not a regular file; the target is unchanged.
    """
    temporary: Path | None = None
    path = check_target(path)
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False
        ) as file:
            temporary = Path(file.name)
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
        temporary = None
        _sync_folder(path.parent)
    except (OSError, ValueError) as error:  # ValueError: text that UTF-8 cannot hold
        raise DesignError(f"{shown(path)}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def check_target(path: Path) -> Path:
    """Check, before long work, whether a file can be written.

    Args:
        path: target.

    Returns:
        The target with symbolic links followed.

    Raises:
        DesignError: if its folder does not exist or cannot be written, or it exists and is not a regular file.
    """
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():  # a device or a pipe would be replaced by a file
            reason = "it is a folder" if path.is_dir() else "it is not a regular file"
        elif not path.parent.is_dir():
            reason = f"{shown(path.parent)} is not a folder"
        elif not os.access(path.parent, os.W_OK | os.X_OK):
            reason = os.strerror(errno.EACCES)
        else:
            return path
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the path; a cycle of links
        reason = getattr(error, "strerror", None) or str(error)
    raise DesignError(f"{shown(path)}: cannot be written: {reason}")


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
    """Return a path for a message: on one line, whatever characters it contains."""
    return str(path) if str(path).isprintable() else repr(str(path))
