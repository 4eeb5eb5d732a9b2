"""Deleting that can be taken back: folders go to the system's trash."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QFile


@dataclass(frozen=True, slots=True)
class Trashed:
    """A folder in the trash.

    Args:
        folder: where it was.
        place: where it is now; `folder` where the system does not say.
    """

    folder: Path
    place: Path

    def put_back(self) -> bool:
        """Take it out of the trash again."""
        if not self.place.exists() or self.folder.exists():
            return False
        try:
            shutil.move(self.place, self.folder)
        except OSError:
            return False
        # The note that freedesktop.org's trash keeps beside it.
        (self.place.parent.parent / "info" / f"{self.place.name}.trashinfo").unlink(missing_ok=True)
        return True


def trash(folder: Path) -> Trashed | None:
    """Move a folder to the trash; None where that cannot be done."""
    file = QFile(str(folder))  # not the static function: that one does not say in PySide6 where the folder is now
    return Trashed(folder, Path(file.fileName())) if file.moveToTrash() else None


def delete(folder: Path) -> bool:
    """Delete a folder for good."""
    try:
        shutil.rmtree(folder)
    except OSError:
        return False
    return True
