"""The file of the design on disk: whether another program or window has changed or deleted it since it was read."""

import hashlib
import os
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QFileSystemWatcher, QLockFile, QObject, QTimer, Signal

from composer import paths
from composer.core.files.replacing import FileStamp, replace_problem

DELAY_MS = 150  # a program that saves writes, renames and sets times: one check after all of it
State = Literal["same", "changed", "deleted"]


class DiskFile(QObject):
    """Watches one file and knows which version of it the window has read or written.

    Changes are noticed by the system's notifications and by `check`, which the window also calls when it is activated:
    network folders send none.

    Args:
        parent: Qt parent.

    Attributes:
        stamp: the version that was read or written last; None without a file.
        state: whether the file still is that version.
        other_window: whether another window had the file open when this one opened it.

    Signals:
        changed: `state` or `other_window` has changed, or the file on disk has changed once more.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stamp: FileStamp | None = None
        self.state: State = "same"
        self.other_window = False
        self._path: Path | None = None
        self._seen: tuple[int, int, int] | None = None  # inode, time and size at the last check
        self._lock: QLockFile | None = None
        self._watcher = QFileSystemWatcher(self)
        self._soon = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._soon.timeout.connect(self.check)
        self._watcher.fileChanged.connect(lambda _: self._soon.start())
        self._watcher.directoryChanged.connect(lambda _: self._soon.start())

    def watch(self, path: Path | None, stamp: FileStamp | None) -> None:
        """Follow another file, or another version of the same file.

        Args:
            path: the file; None for a design without one.
            stamp: the version that the window has read or written; None if there is no file yet.
        """
        if path != self._path:
            self._unwatch()
            self._path = path
            self._take_lock()
        self.stamp, self.state = stamp, "same"
        status = _status(path)
        read = stamp is not None and status is not None and status[1:] == (stamp.mtime_ns, stamp.size)
        self._seen = status if read else (0, 0, 0)  # another version than the one on disk is found by the next check
        self._rewatch()
        self.changed.emit()

    def check(self) -> State:
        """Compare the file with the version that was read; its content is read only if it may have changed."""
        if self._path is None or self.stamp is None:
            return "same"
        status = _status(self._path)
        if status != self._seen:
            self._seen = status
            if status is None:
                self.state = "deleted"
            else:
                self.state = "same" if self.stamp.matches(self._path) else "changed"
            self.changed.emit()
        if self.other_window:
            self._take_lock()
        self._rewatch()
        return self.state

    def problem(self) -> str | None:
        """Return why saving would lose the work of somebody else, as a clause such as ``has changed on disk``."""
        if self._path is None or self.check() == "deleted":
            return None  # there is nothing to lose
        return replace_problem(self._path, stamp=self.stamp)

    def accept(self) -> None:
        """Take the version on disk for known, so that saving may replace it."""
        self.watch(self._path, FileStamp.of(self._path) if self._path is not None else None)

    def close(self) -> None:
        """Stop watching."""
        self._unwatch()
        self._path = None

    def _unwatch(self) -> None:
        self._soon.stop()
        if watched := [*self._watcher.files(), *self._watcher.directories()]:
            self._watcher.removePaths(watched)
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def _rewatch(self) -> None:
        """Watch the file and its folder: a file that is replaced by a rename is no longer the one that was watched."""
        if self._path is None:
            return
        watched = {*self._watcher.files(), *self._watcher.directories()}
        for path in (self._path, self._path.parent):
            if str(path) not in watched and path.exists():
                self._watcher.addPath(str(path))

    def _take_lock(self) -> None:
        """Take the file for this window, so that another one can tell that it is open here."""
        if self._path is None:
            self.other_window = False
            return
        folder = paths.user_data() / "open"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return
        name = hashlib.sha256(os.fsencode(self._path)).hexdigest()[:32]
        lock = QLockFile(str(folder / f"{name}.lock"))
        lock.setStaleLockTime(0)  # stale when its process has ended, however old it is
        taken = lock.tryLock(0)
        self.other_window = not taken and lock.error() == QLockFile.LockError.LockFailedError
        self._lock = lock if taken else None


def _status(path: Path | None) -> tuple[int, int, int] | None:
    try:
        status = path.stat() if path is not None else None
    except (OSError, ValueError):
        return None
    return (status.st_ino, status.st_mtime_ns, status.st_size) if status is not None else None
