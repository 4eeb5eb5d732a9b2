"""The Python files of the user's that may run, such as a dataset of their own; others are read, but never executed.

They are saved in one file of the user's folder, which the window, the terminal and the worker processes share. The
variable NETCOMPOSER_TRUSTED_FILES names further ones for a process and its children; to set it, or to pass ``--trust``,
is to trust them.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from composer import paths
from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.json_text import load_json

VARIABLE = "NETCOMPOSER_TRUSTED_FILES"
FILE = "trusted_files.json"


def is_trusted(file: Path) -> bool:
    """Return whether the code of a file may run."""
    path = _absolute(file)
    return path in _session_files() or path in saved_files()


def saved_files() -> tuple[Path, ...]:
    """Return the files that the user trusts in every process."""
    try:
        rows = load_json((paths.user_data() / FILE).read_text(encoding="utf-8"))
        return tuple(Path(row) for row in rows["files"])
    except (OSError, ValueError, TypeError, KeyError):
        return ()  # an invalid file: nothing is trusted


def save_trusted(file: Path, *, trusted: bool) -> None:
    """Trust a file in every process, or no longer.

    Raises:
        UserError: if it is no file, or the list cannot be written.
    """
    path = _absolute(file)
    if trusted and not path.is_file():
        raise UserError(f"{file} is not a file; choose the Python file of your dataset")
    others = [saved for saved in saved_files() if saved != path]
    rows = [str(row) for row in ([*others, path] if trusted else others)]
    target = paths.user_data() / FILE
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{target.parent}: cannot be created: {error.strerror}") from None
    text = json.dumps({"files": rows}, indent=2) + "\n"
    write_atomically(target, lambda out: out.write(text.encode()))


def add_session_files(files: Iterable[Path | str]) -> None:
    """Trust files in this process and its children, in NETCOMPOSER_TRUSTED_FILES.

    Raises:
        UserError: if one is no file.
    """
    named = [_absolute(Path(file)) for file in files]
    for path in named:
        if not path.is_file():
            raise UserError(f"--trust {path}: there is no such file")
    if named:
        before = filter(None, [os.environ.get(VARIABLE, "")])
        os.environ[VARIABLE] = os.pathsep.join([*map(str, named), *before])


def untrusted_reason(file: Path) -> str | None:
    """Return why the code of a file does not run, in one sentence; None if it may."""
    if is_trusted(file):
        return None
    return (
        f"{file} is a Python program, which does not run until you trust it: in the window, or with --trust {file.name}"
    )


def _session_files() -> frozenset[Path]:
    return frozenset(_absolute(Path(part)) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part.strip())


def _absolute(file: Path) -> Path:
    return file.expanduser().resolve()
