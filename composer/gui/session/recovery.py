"""A backup of unsaved work on disk, so that a crash costs only the last `preferences.recovery_s` seconds."""

import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile

from composer import paths
from composer.core.errors import UserError
from composer.core.files.atomic import write_atomically
from composer.core.files.design_file import dumps, loads
from composer.core.files.replacing import FileStamp
from composer.core.graph import Design
from composer.core.json_text import load_json


@dataclass(frozen=True, slots=True)
class Recovered:
    """Work that a window could not save.

    Args:
        file: the recovery file.
        design: the design.
        path: the file of the design; None if it had none.
        time: when it was written, in seconds since 1970.
        stamp: the version of that file which the window had read or written; None if there was none.
    """

    file: Path
    design: Design
    path: Path | None
    time: float
    stamp: FileStamp | None = None


def folder() -> Path:
    """Return the folder of the recovery files."""
    return paths.user_data() / "recovery"


class RecoveryFile:
    """The recovery file of one window, written in a thread because flushing a disk may take longer than a frame."""

    def __init__(self) -> None:
        self.path = folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}.json"
        self._lock: QLockFile | None = None
        self._writer: threading.Thread | None = None

    def write(self, design: Design, origin: Path | None, stamp: FileStamp | None = None) -> bool:
        """Start writing the design, unless it is still being written.

        Args:
            design: the design.
            origin: its file; None if it has none.
            stamp: the version of the file that the window knows.

        Returns:
            Whether writing has started; if not, try again later.
        """
        if self._writer is not None and self._writer.is_alive():
            return False
        self._take_lock()
        self._writer = threading.Thread(target=self._write, args=(design, origin, stamp), name="recovery", daemon=False)
        self._writer.start()
        return True

    def _write(self, design: Design, origin: Path | None, stamp: FileStamp | None) -> None:
        record = {
            "path": str(origin) if origin else None,
            "time": time.time(),
            "pid": os.getpid(),
            "stamp": asdict(stamp) if stamp is not None else None,
            "design": dumps(design),
        }
        with suppress(UserError):  # a full disk must not interrupt work; saving will report it
            write_atomically(self.path, lambda file: file.write(json.dumps(record).encode()))

    def wait(self) -> None:
        """Wait until the file is written."""
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def remove(self) -> None:
        """Delete the file: the work is saved or discarded."""
        self.wait()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Release the lock; a file that remains counts as recoverable work."""
        self.wait()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def _take_lock(self) -> None:
        if self._lock is None:
            try:
                folder().mkdir(parents=True, exist_ok=True)
            except OSError:
                return  # as for a full disk: the backup fails, and the next one tries again
            lock = QLockFile(str(self.path.with_suffix(".lock")))
            lock.setStaleLockTime(0)  # stale when its process has ended, however old it is
            if lock.tryLock(0):
                self._lock = lock


def recoverable_work() -> Iterator[Recovered]:
    """Yield the work of windows that no longer run, newest first; unreadable files are skipped."""
    for file in sorted(folder().glob("*.json"), reverse=True):
        lock = QLockFile(str(file.with_suffix(".lock")))
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            continue  # the window of this file still runs
        lock.unlock()
        try:
            record = load_json(file.read_bytes())
            origin = Path(record["path"]) if record["path"] else None
            stamp = FileStamp(**record["stamp"]) if record.get("stamp") else None
            yield Recovered(file, loads(record["design"], file.name), origin, float(record["time"]), stamp)
        except (OSError, ValueError, KeyError, TypeError, UserError):
            continue


def discard(recovered: Recovered) -> None:
    """Delete a recovery file."""
    recovered.file.unlink(missing_ok=True)
