"""Files that are either complete or unchanged: written beside the target, flushed, and moved to its path.

Network and FUSE mounts (SMB, sshfs, NFS with ACLs, FAT) lack some of the operations: a folder that cannot be flushed, a
mode that cannot be set, a rename onto an existing file that is denied. What they lack is left out or replaced by
another operation, in an order in which the old or the new version is complete at every moment.
"""

import atexit
import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from composer.core.errors import DesignError

# What a file system answers to an operation that it lacks or does not permit; all else is a fault of the disk.
_UNSUPPORTED = frozenset(
    {
        errno.EINVAL,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        errno.ENOSYS,
        errno.ENOTTY,
        errno.EBADF,
        errno.EPERM,
        errno.EACCES,
        errno.EISDIR,
        errno.ENODATA,
    }
)
# A rename that is denied although the folder can be written: an ACL without the right to delete, an open reader on
# Windows or SMB, a single file mounted into a container (EBUSY), a mount that cannot replace (EEXIST).
_DENIED = frozenset({*_UNSUPPORTED, errno.EBUSY, errno.EEXIST, errno.ETXTBSY, errno.EXDEV})
_NAME_LENGTH = 40  # characters of the target's name in the name of a temporary file, which may have 255 bytes


_incomplete: set[Path] = set()  # temporary files of this process


@atexit.register
def _remove_incomplete() -> None:
    """Remove what an interrupted write leaves."""
    for path in _incomplete:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def write_atomically(
    path: Path, write: Callable[[Any], None], before_replace: Callable[[], None] | None = None, *, flush: bool = True
) -> None:
    """Write a file beside the target, flush it to the disk, and move it there: a kill leaves the old or the new file
    complete.

    Mode, owner and extended attributes of an existing target are kept where the file system permits it. Another name
    (hard link) of the target keeps the old content: snapshots made by `cp -l` rely on it.

    Args:
        path: target; a symbolic link is followed, so that the file it points to is replaced.
        write: gets the open binary file.
        before_replace: called when the new file is complete, before the old one goes; may raise to keep the old one.
        flush: whether to wait until it is on the disk. Many small files that nobody needs do without; a power cut may
            leave them torn, a kill still leaves them complete.

    Raises:
        DesignError: if the folder cannot be written, or the target is not a regular file; the target is unchanged.
    """
    temporary: Path | None = None
    path = check_target(path)
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name[:_NAME_LENGTH]}.", suffix=".part", delete=False
        ) as file:
            temporary = Path(file.name)
            _incomplete.add(temporary)
            write(file)
            file.flush()
            if flush:
                _flush(file.fileno())
        _copy_attributes(path, temporary)
        if before_replace is not None:
            before_replace()
        _move(temporary, path)
        _incomplete.discard(temporary)
        temporary = None
    except (OSError, ValueError) as error:  # ValueError: text that UTF-8 cannot hold
        raise DesignError(f"{shown(path)}: cannot be written: {_reason(error)}") from None
    finally:
        if temporary is not None:
            _incomplete.discard(temporary)
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
    if not flush:
        return
    try:
        _flush_folder(path.parent)
    except OSError as error:
        raise DesignError(
            f"{shown(path)}: is written, but the disk reports {_reason(error)} and may lose it; save a copy elsewhere"
        ) from None


def append(path: Path, data: bytes, *, flush: bool) -> None:
    """Append to a file that grows line by line; a kill or a full disk tears at most its last line.

    A torn line is replaced, so that lines which did not fit can be appended again.

    Args:
        path: the file; created if it does not exist.
        data: whole lines.
        flush: whether to wait until they are on the disk, for what nobody will write again.

    Raises:
        DesignError: if the file cannot be written.
    """
    try:
        with path.open("ab", buffering=0) as file:
            _drop_torn_line(path, file)
            while data:  # a disk that becomes full takes a part, and reports the error with the rest
                data = data[file.write(data) :]
            if flush:
                _flush(file.fileno())
    except OSError as error:
        raise DesignError(f"{shown(path)}: cannot be written: {_reason(error)}") from None


def _drop_torn_line(path: Path, file: Any) -> None:
    """Cut an open file, which consists of lines, behind its last complete one."""
    if not (size := file.tell()):
        return
    with path.open("rb") as reader:
        reader.seek(size - 1)
        if reader.read(1) == b"\n":
            return
        reader.seek(0)
        file.truncate(reader.read(size).rfind(b"\n") + 1)


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
        reason = _reason(error)
    raise DesignError(f"{shown(path)}: cannot be written: {reason}")


def check_folder(folder: Path, size: int = 0) -> None:
    """Check, before long work such as a training, that files can be saved in a folder: by writing, replacing, reading
    and removing one.

    Args:
        folder: an existing folder.
        size: bytes that will be needed at least, such as those of two checkpoints.

    Raises:
        DesignError: if they cannot, with the reason; nothing is left in the folder.
    """
    folder = folder.resolve()
    probe: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".netcomposer.", suffix=".probe")
        os.close(descriptor)
        probe = Path(name)
        contents = (b"first", b"second")
        for content in contents:  # the second replaces the first, as every checkpoint replaces the last one
            write_atomically(probe, lambda file, content=content: file.write(content))  # type: ignore[misc]
            if probe.read_bytes() != content:
                raise DesignError(f"{shown(folder)}: files cannot be saved here: they read differently than written")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise DesignError(f"{shown(folder)}: files cannot be saved here: {_reason(error)}") from None
    except DesignError as error:
        reason = str(error).rsplit(": ", 1)[-1]
        raise DesignError(f"{shown(folder)}: files cannot be saved here: {reason}") from None
    finally:
        if probe is not None:
            with suppress(OSError):
                probe.unlink(missing_ok=True)
    if free < size:
        raise DesignError(
            f"{shown(folder)}: {free / 1e6:.0f} MB are free, but {size / 1e6:.0f} MB are needed; free some space or "
            "choose another folder"
        )


def shown(path: Path) -> str:
    """Return a path for a message: on one line, whatever characters it contains."""
    return str(path) if str(path).isprintable() else repr(str(path))


def _move(source: Path, target: Path) -> None:
    """Move a complete file onto the target, by whichever operation the file system permits."""
    try:
        source.replace(target)
        return
    except OSError as error:
        if error.errno not in _DENIED or not target.exists():
            raise
        denied = error
    backup = source.with_suffix(".old")
    try:
        target.rename(backup)
    except OSError as error:
        if error.errno not in _DENIED:
            raise
        _overwrite(source, target, backup)
        return
    try:
        source.rename(target)
    except OSError:
        try:
            backup.rename(target)
        except OSError:
            raise OSError(denied.errno, f"{denied.strerror}; its last version is {shown(backup)}") from None
        _overwrite(source, target, backup)
        return
    with suppress(OSError):
        backup.unlink()


def _overwrite(source: Path, target: Path, backup: Path) -> None:
    """Copy a complete file over the content of the target, with a flushed copy of the old content beside it."""
    try:
        _copy_content(target, backup, "xb")
    except OSError:
        with suppress(OSError):
            backup.unlink(missing_ok=True)
        raise
    try:
        _copy_content(source, target, "r+b")
    except OSError as error:
        try:
            _copy_content(backup, target, "r+b")
        except OSError:
            raise OSError(error.errno, f"{error.strerror}; its last version is {shown(backup)}") from None
        with suppress(OSError):
            backup.unlink()
        raise
    for path in (backup, source):
        with suppress(OSError):
            path.unlink()


def _copy_content(source: Path, target: Path, mode: str) -> None:
    with source.open("rb") as reader, target.open(mode) as writer:
        shutil.copyfileobj(reader, writer)
        writer.truncate()
        writer.flush()
        _flush(writer.fileno())


def _copy_attributes(path: Path, temporary: Path) -> None:
    """Give a new file the owner, mode and extended attributes of the one that it replaces, or the usual mode."""
    try:
        status = path.stat()
    except FileNotFoundError:
        _permitted(os.chmod, temporary, 0o666 & ~umask())
        return
    mode = status.st_mode & 0o777
    if hasattr(os, "chown"):
        for user in (status.st_uid, -1):  # only root may give a file away, but a member may set the group
            own = temporary.stat()
            if own.st_gid != status.st_gid or own.st_uid not in (status.st_uid, user):
                _permitted(os.chown, temporary, user, status.st_gid)
        if temporary.stat().st_gid != status.st_gid:
            mode &= ~0o070  # the rights of the old group are not those of another one
    _permitted(os.chmod, temporary, mode)  # after chown, which may clear bits
    if hasattr(os, "listxattr"):
        for name in _permitted(os.listxattr, path) or ():
            value = _permitted(os.getxattr, path, name)
            if value is not None:
                _permitted(os.setxattr, temporary, name, value)


def _permitted(operation: Callable[..., Any], *arguments: Any) -> Any:
    """Run an operation on a file's attributes; return None where the file system lacks or denies it."""
    try:
        return operation(*arguments)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return None


def umask() -> int:
    """Return the permissions that new files of this process lack."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _flush(descriptor: int) -> None:
    """Flush a file or a folder to the disk, where the file system can do that."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def _flush_folder(folder: Path) -> None:
    """Flush a folder, so that the new name survives a power cut; the file is in its place already."""
    if not hasattr(os, "O_DIRECTORY"):  # not on Windows, where a folder cannot be opened
        return
    descriptor = _permitted(os.open, folder, os.O_RDONLY | os.O_DIRECTORY)
    if descriptor is None:
        return
    try:
        _flush(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
