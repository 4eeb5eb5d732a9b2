"""Deleting with undo: folders go to the system's trash."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFile


@dataclass(frozen=True, slots=True)
class Trashed:
    """A folder in the trash.

    Args:
        folder: its original path.
        location: its path in the trash; `folder` where the system does not tell.
    """

    folder: Path
    location: Path

    def restore(self) -> bool:
        """Move it back to its original path; return whether that worked."""
        if not self.location.exists() or self.folder.exists():
            return False
        try:
            shutil.move(self.location, self.folder)
        except OSError:
            return False
        # The description that freedesktop.org's trash stores beside it.
        (self.location.parent.parent / "info" / f"{self.location.name}.trashinfo").unlink(missing_ok=True)
        return True


def trash(folder: Path) -> Trashed | None:
    """Move a folder to the trash; return None where that is not possible."""
    file = QFile(str(folder))  # not the static function: in PySide6 that one does not tell the new path
    return Trashed(folder, Path(file.fileName())) if file.moveToTrash() else None


def delete(folder: Path) -> bool:
    """Delete a folder permanently; return whether that worked."""
    try:
        shutil.rmtree(folder)
    except OSError:
        return False
    return True
