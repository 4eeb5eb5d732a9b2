"""Which source reads what a user has dropped: a folder of photographs, or the files of a known dataset."""

from pathlib import Path

from composer.core.graph import ExtensionRef
from composer.core.training_extensions import datasets

# File patterns of a folder -> the source that reads it; anything else is a folder of images.
FOLDERS = (("*-idx?-ubyte*", "idx"), ("data_batch_*", "cifar"), ("test_batch*", "cifar"))
IMAGES = "images"
FILES = {".npz": "npz", ".parquet": "parquet"}


def is_data(path: Path) -> bool:
    """Return whether a path may be a source of data: a folder, or a file of samples."""
    return path.is_dir() or path.suffix.lower() in FILES


def source_of(path: Path, base: Path | None) -> ExtensionRef:
    """Return the source that reads a folder or file.

    Args:
        path: the folder or file.
        base: folder of the design, which a path inside it is written relative to; None for a design without a file.
    """
    path = path.absolute()
    name = FILES.get(path.suffix.lower(), IMAGES) if path.is_file() else _folder_source(path)
    declaration = datasets().get(name)
    options = declaration.options if declaration is not None else ()
    option = next((spec.name for spec in options if spec.type == "path"), "folder")
    inside = base is not None and path.is_relative_to(base.absolute())
    text = path.relative_to(base.absolute()).as_posix() if inside and base is not None else str(path)
    return ExtensionRef(name, {option: text})


def _folder_source(folder: Path) -> str:
    for pattern, name in FOLDERS:
        if name in datasets() and next(folder.glob(pattern), None) is not None:
            return name
    return IMAGES
