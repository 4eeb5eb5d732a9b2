"""The list of runs, read in a thread: a thousand folders take a second, which the window must not wait for."""

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from composer.core.run_table import RunRow, RunRowReader, run_folders
from composer.gui.workers.thread_queue import ThreadQueue

# The newest runs are shown first, then four times as many, and so on: few updates of the list, and none is late.
FIRST, GROWTH = 48, 4


class RunScan(QObject):
    """Reads the rows of all runs, and again only those whose files have changed.

    Args:
        parent: Qt parent.

    Signals:
        read: the rows, newest first, and whether these are all of them. Rows that have not changed are the same objects
            as before.
    """

    read = Signal(object, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader = RunRowReader()
        self._queue = ThreadQueue("list of runs", self)
        self._roots: tuple[Path, ...] | None = None  # of the scan that follows the running one
        self._scanning = self._complete = False

    @property
    def busy(self) -> bool:
        """Whether it reads."""
        return self._scanning

    def start(self, roots: Iterable[Path]) -> None:
        """Read the runs in some folders; during a scan another one is scheduled.

        Args:
            roots: folders of runs, and runs.
        """
        self._roots = tuple(roots)
        if not self._scanning:
            self._start_next()

    def stop(self) -> None:
        """Stop reading."""
        self._roots, self._scanning = None, False
        self._queue.stop()

    def _start_next(self) -> None:
        if self._roots is None:
            return
        self._scanning, roots, self._roots = True, self._roots, None
        stopping = self._queue.stopping
        self._queue.run(lambda: self._scan(roots, stopping), self._on_scanned)

    def _on_scanned(self, rows: Sequence[RunRow]) -> None:
        self._scanning, self._complete = False, True
        self.read.emit(rows, True)
        self._start_next()

    def _scan(self, roots: Sequence[Path], stopping: threading.Event) -> list[RunRow]:
        """Read all rows, in the thread."""
        folders = list(dict.fromkeys(folder.absolute() for root in roots for folder in run_folders(root)))
        if not self._complete:
            folders.sort(key=_changed, reverse=True)
            number = FIRST
            while number < len(folders):
                rows = self._reader.read(_until(stopping, folders[:number]))
                if stopping.is_set():
                    break
                self.read.emit(rows, False)
                number *= GROWTH
        return self._reader.read(_until(stopping, folders))


def _until(stopping: threading.Event, folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        if stopping.is_set():
            return
        yield folder


def _changed(folder: Path) -> float:
    try:
        return os.stat(folder).st_mtime  # noqa: PTH116 - a third of the time of Path.stat
    except OSError:
        return 0.0
