"""A text that changes when files change, so that nothing that was read before is taken for current."""

from pathlib import Path


def file_stamp(path: Path) -> str:
    """Return names, sizes and times of a file, or of the files that are directly in a folder."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        rows = [(file.name, file.stat()) for file in files]
    except OSError as error:  # what reads the files reports it
        return str(error)
    return " ".join(f"{name}:{status.st_size}:{status.st_mtime_ns}" for name, status in rows)
