"""Unsaved work on disk, so that a crash or a kill costs two seconds of it at most."""

import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile

from composer import paths
from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.files.design_file import dumps, loads
from composer.core.graph import Design


@dataclass(frozen=True, slots=True)
class Recovered:
    """Work that a window did not get to save.

    Args:
        file: the recovery file.
        design: the design as it was.
        path: the file that it was opened from or saved to, or None.
        time: when it was written, in seconds since 1970.
    """

    file: Path
    design: Design
    path: Path | None
    time: float


def folder() -> Path:
    """Where recovery files lie."""
    return paths.user_data() / "recovery"


class RecoveryFile:
    """The recovery file of one window: written in a thread, because flushing a disk may take longer than a frame."""

    def __init__(self) -> None:
        self.path = folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}.json"
        self._lock: QLockFile | None = None
        self._writer: threading.Thread | None = None

    def write(self, design: Design, origin: Path | None) -> bool:
        """Write the design, unless the last writing still goes on.

        Returns:
            Whether it is being written; if not, try again later.
        """
        if self._writer is not None and self._writer.is_alive():
            return False
        self._take_lock()
        self._writer = threading.Thread(target=self._write, args=(design, origin), name="recovery", daemon=False)
        self._writer.start()
        return True

    def _write(self, design: Design, origin: Path | None) -> None:
        record = {
            "path": str(origin) if origin else None,
            "time": time.time(),
            "pid": os.getpid(),
            "design": dumps(design),
        }
        with suppress(UserError):  # a full disk must not keep anybody from working; saving will say so
            write_atomically(self.path, lambda file: file.write(json.dumps(record).encode()))

    def wait(self) -> None:
        """Wait for a writing that goes on."""
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def remove(self) -> None:
        """Forget it: the work is saved, or given up."""
        self.wait()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the lock back; the file, if there is one, then counts as left by a dead window."""
        self.wait()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def _take_lock(self) -> None:
        if self._lock is None:
            folder().mkdir(parents=True, exist_ok=True)
            self._lock = QLockFile(str(self.path.with_suffix(".lock")))
            self._lock.setStaleLockTime(0)  # stale when its process is dead, not when it is old
            self._lock.tryLock(0)


def left_behind() -> Iterator[Recovered]:
    """Work of windows that no longer live, newest first; what cannot be read is skipped."""
    for file in sorted(folder().glob("*.json"), reverse=True):
        lock = QLockFile(str(file.with_suffix(".lock")))
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            continue  # another window works on it
        lock.unlock()
        try:
            record = json.loads(file.read_bytes())
            origin = Path(record["path"]) if record["path"] else None
            yield Recovered(file, loads(record["design"], file.name), origin, float(record["time"]))
        except (OSError, ValueError, KeyError, TypeError, UserError):
            continue


def forget(recovered: Recovered) -> None:
    """Remove a recovery file."""
    recovered.file.unlink(missing_ok=True)
