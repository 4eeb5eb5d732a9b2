"""Datasets in Python files of the user's: what such a file declares is read from its source, never executed."""

from functools import lru_cache
from pathlib import Path

from composer.core.declarations import Declaration, read_declaration
from composer.core.errors import UserError
from composer.core.extension_text import absolute_reference, parse_reference
from composer.core.files.trusted_files import is_trusted
from composer.core.graph import ExtensionRef
from composer.core.training_extensions import DATASET, datasets

USER_FILE = "file"  # the dataset whose option ``path`` names such a file
PATH_OPTION = "path"


def read_dataset_file(file: Path) -> Declaration:
    """Read what a Python file declares.

    Raises:
        UserError: if it cannot be read, or holds no class marked by ``@dataset``, or several.
    """
    try:
        status = file.stat()
    except (OSError, ValueError) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise UserError(f"{file}: {reason}; expected a Python file with a class marked by @dataset") from None
    return _read(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read(file: Path, _time: int, _size: int) -> Declaration:
    declaration = read_declaration(file, "dataset", DATASET)
    if declaration is None:
        raise UserError(f"{file}: holds no class marked by @dataset(title=..., fields=...); see CONTRIBUTING.md")
    return declaration


def untrusted_file(reference: ExtensionRef, folder: Path) -> Path | None:
    """Return the user's file that a dataset would run and that is not trusted yet; None if there is none.

    Args:
        reference: the dataset; one that names another as its source runs that one's file.
        folder: what relative paths are relative to.
    """
    reference = absolute_reference("data", reference, folder)
    path = reference.options.get(PATH_OPTION)
    if reference.name == USER_FILE and isinstance(path, str):
        return None if is_trusted(Path(path)) else Path(path)
    declaration = datasets().get(reference.name)
    sources = [spec.name for spec in declaration.options if spec.type == "source"] if declaration is not None else []
    for option in sources:
        value = reference.options.get(option)
        if isinstance(value, str) and (file := untrusted_file(parse_reference("data", value), folder)) is not None:
            return file
    return None


def dataset_declaration(reference: ExtensionRef) -> Declaration | None:
    """Return what a dataset declares, that of the user's own file if it is one; None if it is unknown or unreadable."""
    path = reference.options.get(PATH_OPTION)
    if reference.name == USER_FILE and isinstance(path, str):
        try:
            return read_dataset_file(Path(path))
        except UserError:
            return None
    return datasets().get(reference.name)
