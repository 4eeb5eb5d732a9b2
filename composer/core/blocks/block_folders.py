"""The folders of custom blocks, and which of them are trusted: the code of the others is read, but never run.

They are saved in one file of the user's folder, which the window, the terminal and the worker processes share. The
variable NETCOMPOSER_BLOCKS names further folders for a process and its children; to set it, or to pass ``--blocks``, is
to trust them.
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
from composer.core.json_text import load_json

VARIABLE = "NETCOMPOSER_BLOCKS"
FILE = "blocks.json"


@dataclass(frozen=True, slots=True)
class BlockFolder:
    """A folder of custom blocks.

    Args:
        path: absolute; holds ``<block>.py`` or ``<category>/<block>.py``.
        trusted: whether its code may run.
        saved: whether it is in the user's file, and not only named by NETCOMPOSER_BLOCKS.
    """

    path: Path
    trusted: bool = False
    saved: bool = True


def all_folders() -> tuple[BlockFolder, ...]:
    """Return the folders of this process: those named by NETCOMPOSER_BLOCKS, then those that are saved."""
    named = [
        BlockFolder(_absolute(part), True, False)
        for part in os.environ.get(VARIABLE, "").split(os.pathsep)
        if part.strip()
    ]
    folders: dict[Path, BlockFolder] = {}
    for folder in (*named, *_saved()):
        folders.setdefault(folder.path, folder)
    return tuple(folders.values())


def save_folder(folder: Path, *, trusted: bool) -> None:
    """Save a folder, or change whether it is trusted.

    Args:
        folder: the folder.
        trusted: whether its code may run.

    Raises:
        UserError: if it is not a folder, holds blocks of the library, or the file cannot be written.
    """
    path = check_folder(folder)
    others = [saved for saved in _saved() if saved.path != path]
    _write([*others, BlockFolder(path, trusted)])


def remove_folder(folder: Path) -> None:
    """Remove a folder from the saved ones; its files stay.

    Raises:
        UserError: if the file cannot be written.
    """
    path = _absolute(folder)
    _write(saved for saved in _saved() if saved.path != path)


def add_session_folders(folders: Iterable[Path | str]) -> None:
    """Add trusted folders for this process and its children, in NETCOMPOSER_BLOCKS.

    Raises:
        UserError: if one is not a folder.
    """
    named = [str(check_folder(Path(folder))) for folder in folders]
    if named:
        os.environ[VARIABLE] = os.pathsep.join([*named, *filter(None, [os.environ.get(VARIABLE, "")])])


def check_folder(folder: Path) -> Path:
    """Return the absolute path of a folder.

    Raises:
        UserError: if it cannot be a folder of custom blocks.
    """
    path = _absolute(folder)
    if not path.is_dir():
        raise UserError(
            f"{folder} is not a folder; choose one that holds your blocks, as <block>.py or <category>/<block>.py"
        )
    if path.is_relative_to(paths.BLOCKS) or paths.BLOCKS.is_relative_to(path):
        raise UserError(
            f"{folder} holds the blocks of the library, which are always available; choose a folder of your own"
        )
    return path


def folder_of(file: Path) -> BlockFolder | None:
    """Return the folder that a block file belongs to; None for a block of the library."""
    return (
        None
        if file.is_relative_to(paths.BLOCKS)
        else next((folder for folder in all_folders() if file.is_relative_to(folder.path)), None)
    )


def untrusted_reason(name: str, file: Path) -> str | None:
    """Return why the code of a block may not run, in one sentence; None if it may.

    Args:
        name: name of the block.
        file: its file.
    """
    folder = folder_of(file)
    if file.is_relative_to(paths.BLOCKS) or (folder is not None and folder.trusted):
        return None
    if folder is None:  # removed since the block was read
        return f"{name} is in {file.parent}, which is no longer a folder of custom blocks; add it in the preferences"
    return (
        f"{name} is in {folder.path}, whose code does not run until you trust that folder:"
        " in the preferences, or with --blocks"
    )


def _absolute(folder: Path | str) -> Path:
    return Path(folder).expanduser().resolve()


def _saved() -> tuple[BlockFolder, ...]:
    file = paths.user_data() / FILE
    try:
        status = file.stat()
    except OSError:
        return ()
    return _read(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _read(file: Path, _time: int, _size: int) -> tuple[BlockFolder, ...]:
    try:
        rows = load_json(file.read_text(encoding="utf-8"))
        return tuple(BlockFolder(Path(row["path"]), row["trusted"] is True) for row in rows["folders"])
    except (OSError, ValueError, TypeError, KeyError):
        return ()  # an invalid file: nothing is trusted


def _write(folders: Iterable[BlockFolder]) -> None:
    rows = [{"path": str(folder.path), "trusted": folder.trusted} for folder in folders]
    file = paths.user_data() / FILE
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{file.parent}: cannot be created: {error.strerror}") from None
    text = json.dumps({"folders": rows}, indent=2) + "\n"
    write_atomically(file, lambda out: out.write(text.encode()))
