"""The folder of a new run: empty before, and as it was before if the run cannot start."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from composer.core.errors import UserError
from composer.core.files import design_file
from composer.core.files.atomic import shown
from composer.core.files.litter import LITTER
from composer.core.files.run_folder import DESIGN, LAST, SOURCE, STATE, is_run
from composer.core.files.run_owner import is_owner_file
from composer.core.graph import Design
from composer.core.name_list import list_names


def check_new_folder(folder: Path, design: Design, source: str) -> None:
    """Refuse a folder that a new run would share with other files, or that cannot be made or written.

    The files of a start that was killed, and a file that holds this very design, are no obstacle.

    Args:
        folder: the folder of the run; it need not exist.
        design: what is trained.
        source: its generated Python text.

    Raises:
        UserError: naming what is there.
    """
    try:
        if is_run(folder):
            raise UserError(f"{shown(folder)} already holds a run; resume it (--resume) or choose another folder")
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{shown(folder)} is a file, expected a new or an empty folder for the run")
        others = sorted(name for name in _names(folder) if not _may_stay(folder, name, design, source))
        parent = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    except (OSError, ValueError) as error:  # a NUL in the path, a name that is too long, a folder that is private
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{shown(folder)}: cannot be the folder of a run: {reason}") from None
    if others:
        names = list_names([shown(Path(name)) for name in others])
        raise UserError(
            f"{shown(folder)} is not empty: it contains {names}; choose a new or an empty folder for the run"
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UserError(f"{shown(folder)}: cannot make the run folder: {shown(parent)} cannot be written")


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _may_stay(folder: Path, name: str, design: Design, source: str) -> bool:
    """Return whether a new run leaves or equals a file that is there already."""
    path = folder / name
    if name in LITTER or is_owner_file(name) or (name.startswith(".") and name.endswith(".part")):
        return True
    if name == DESIGN:
        with suppress(UserError):
            return design_file.load(path) == design
        return False
    if name == SOURCE:
        return path.is_file() and path.read_bytes() == source.encode()
    if name == STATE:
        return b'"state": "new"' in path.read_bytes()
    return name == Path(LAST).parent.name and path.is_dir() and not any(path.iterdir())


@contextmanager
def made_folders(folder: Path) -> Iterator[None]:
    """Make a folder and its parents; remove those that were made and are empty if the body fails.

    Raises:
        UserError: if it cannot be made.
    """
    new_folders: list[Path] = []
    try:
        for path in reversed((folder, *folder.parents)):
            if not path.is_dir():
                try:
                    path.mkdir()
                except FileExistsError:  # another process was faster
                    continue
                except OSError as error:
                    raise UserError(f"{shown(path)}: cannot make the run folder: {error.strerror or error}") from None
                new_folders.append(path)
        yield
    except BaseException:
        for path in reversed(new_folders):
            with suppress(OSError):
                path.rmdir()
        raise


@contextmanager
def removed_on_failure(paths: Sequence[Path]) -> Iterator[None]:
    """Remove those of some files that the body makes, if it fails."""
    present = {path for path in paths if path.exists()}
    try:
        yield
    except BaseException:
        for path in paths:
            if path not in present:
                with suppress(OSError):
                    path.unlink()
        raise
