"""Names of classes that people keep in a text file beside their data."""

from pathlib import Path

from composer.core.errors import UserError

FILE = "classes.txt"
MAX_BYTES = 1_000_000


def read_class_names(folder: Path) -> tuple[str, ...]:
    """Return the lines of ``classes.txt`` in a folder: the name of class 0, 1, ...; none if there is no such file.

    Raises:
        UserError: if it cannot be read or names a class twice.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path}: is larger than {MAX_BYTES // 1000} kB; expected one class name a line")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: is no text in UTF-8; expected one class name a line") from None
    names = [line.strip() for line in lines if line.strip()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"{path}: names the class {twice!r:.60} twice")
    return tuple(names)
