"""The folders of the user's own blocks, and which of them are trusted: the code of the others is read, but never run.

They are kept in one file of the user's folder, so that the window, the terminal and the worker processes know the same ones. The
variable NETCOMPOSER_BLOCKS names further ones for a process and its children; who sets it, or says ``--blocks``, has said that
their code may run.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from composer import paths
from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically

VARIABLE = "NETCOMPOSER_BLOCKS"
FILE = "blocks.json"


@dataclass(frozen=True, slots=True)
class BlockFolder:
    """A folder of the user's own blocks.

    Args:
        path: absolute; holds ``<block>.py`` or ``<category>/<block>.py``.
        trusted: whether the user has said that its code may run.
        kept: whether it is remembered, and not just named by NETCOMPOSER_BLOCKS.
    """

    path: Path
    trusted: bool = False
    kept: bool = True


def known() -> tuple[BlockFolder, ...]:
    """The folders of this process: those named by NETCOMPOSER_BLOCKS, then those that are kept."""
    named = [
        BlockFolder(_absolute(part), True, False)
        for part in os.environ.get(VARIABLE, "").split(os.pathsep)
        if part.strip()
    ]
    found: dict[Path, BlockFolder] = {}
    for folder in (*named, *_kept()):
        found.setdefault(folder.path, folder)
    return tuple(found.values())


def keep(folder: Path, *, trusted: bool) -> None:
    """Remember a folder, or remember it otherwise.

    Args:
        folder: the folder.
        trusted: whether its code may run.

    Raises:
        UserError: if it is no folder, holds blocks of the library, or the file cannot be written.
    """
    path = checked(folder)
    others = [kept for kept in _kept() if kept.path != path]
    _write([*others, BlockFolder(path, trusted)])


def forget(folder: Path) -> None:
    """Remember a folder no more.

    Raises:
        UserError: if the file cannot be written.
    """
    path = _absolute(folder)
    _write(kept for kept in _kept() if kept.path != path)


def add_session_folders(folders: Iterable[Path | str]) -> None:
    """Take further folders for this process and its children, as trusted as if NETCOMPOSER_BLOCKS named them.

    Raises:
        UserError: if one is no folder.
    """
    named = [str(checked(Path(folder))) for folder in folders]
    if named:
        os.environ[VARIABLE] = os.pathsep.join([*named, *filter(None, [os.environ.get(VARIABLE, "")])])


def checked(folder: Path) -> Path:
    """A folder as it is kept.

    Raises:
        UserError: if it cannot be a folder of the user's own blocks.
    """
    path = _absolute(folder)
    if not path.is_dir():
        raise UserError(
            f"{folder} is no folder; name one that holds your blocks, as <block>.py or <category>/<block>.py"
        )
    if path.is_relative_to(paths.BLOCKS) or paths.BLOCKS.is_relative_to(path):
        raise UserError(
            f"{folder} holds the library's own blocks, which are known already; choose a folder of your own"
        )
    return path


def folder_of(file: Path) -> BlockFolder | None:
    """The folder that a block file belongs to; None for a block of the library."""
    return (
        None
        if file.is_relative_to(paths.BLOCKS)
        else next((folder for folder in known() if file.is_relative_to(folder.path)), None)
    )


def untrusted_reason(name: str, file: Path) -> str | None:
    """Why the code of a block may not run, in one sentence; None if it may.

    Args:
        name: name of the block.
        file: its file.
    """
    folder = folder_of(file)
    if file.is_relative_to(paths.BLOCKS) or (folder is not None and folder.trusted):
        return None
    if folder is None:  # forgotten since the block was read
        return f"{name} is a block of {file.parent}, which is no folder of your own blocks any more; add it in the preferences"
    return f"{name} is a block of {folder.path}, whose code does not run until you trust that folder: in the preferences, or with --blocks"


def _absolute(folder: Path | str) -> Path:
    return Path(folder).expanduser().resolve()


def _kept() -> tuple[BlockFolder, ...]:
    file = paths.user_data() / FILE
    try:
        status = file.stat()
    except OSError:
        return ()
    return _read(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _read(file: Path, _time: int, _size: int) -> tuple[BlockFolder, ...]:
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        return tuple(BlockFolder(Path(row["path"]), row["trusted"] is True) for row in rows["folders"])
    except (OSError, ValueError, TypeError, KeyError):
        return ()  # a file that somebody spoilt: nothing is trusted then


def _write(folders: Iterable[BlockFolder]) -> None:
    rows = [{"path": str(folder.path), "trusted": folder.trusted} for folder in folders]
    file = paths.user_data() / FILE
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{file.parent}: cannot be made: {error.strerror}") from None
    text = json.dumps({"folders": rows}, indent=2) + "\n"
    write_atomically(file, lambda out: out.write(text.encode()))
