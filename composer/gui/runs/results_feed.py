"""The results of a run: read in a thread, and again when a better epoch has replaced them."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from composer.core.errors import UserError
from composer.core.files.run_folder import STATE, RunInfo, read_run
from composer.gui.runs.predictions import RunResults, read_results, results_file, stored_parts
from composer.gui.workers.thread_queue import ThreadQueue

# A run that trains elsewhere is looked at this often.
POLL_MS = 1500
Stamp = tuple[int, int] | None


@dataclass(frozen=True)
class _Loaded:
    """What was read of a run; `stamps` tell which versions of its predictions and of its state."""

    info: RunInfo
    parts: list[str]
    results: RunResults | None
    error: str
    stamps: tuple[Stamp, Stamp]


class ResultsFeed(QObject):
    """Reads the predictions of one run.

    Args:
        parent: Qt parent.

    Attributes:
        folder: the run; None for none.
        part: the part of the data whose predictions are shown.
        parts: the parts that the run has stored.
        info: state and settings of the run; None before it is read.
        results: the predictions; None while they are read for the first time, and if there are none.
        error: why they cannot be read; empty if they can.
        reading: whether the first reading of this run has not ended yet.

    Signals:
        changed: any of the attributes.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.part = "val"
        self.parts: list[str] = []
        self.info: RunInfo | None = None
        self.results: RunResults | None = None
        self.error = ""
        self.reading = False
        self._stamps: tuple[Stamp, Stamp] = (None, None)
        self._queue = ThreadQueue("results of a run", self)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self.check)

    def show_run(self, folder: Path | None, part: str = "val") -> None:
        """Show another run, or another part of its data."""
        if (folder, part) == (self.folder, self.part):
            self.check()
            return
        self.folder, self.part = folder, part
        self.results, self.error, self._stamps = None, "", (None, None)
        self.info, self.parts, self.reading = None, [], False
        self._queue.drop()
        self._read()
        self.changed.emit()

    def show_results(self, results: RunResults) -> None:
        """Show results that were measured, and that the run does not store."""
        self.results, self.error = results, ""
        self.changed.emit()

    def check(self) -> None:
        """Read again if the run has another state or has stored other predictions since."""
        if self.folder is not None and not self._queue.busy and self._stamps != _stamps(self.folder, self.part):
            self._read()

    def watch(self, active: bool) -> None:
        """Look for changes from time to time, or stop that."""
        if active:
            self._poll.start()
            self.check()
        else:
            self._poll.stop()

    def stop(self) -> None:
        """Stop reading."""
        self._poll.stop()
        self._queue.stop()

    def _read(self) -> None:
        if self.folder is None:
            return
        folder, part, before = self.folder, self.part, (self.results, self.error, self._stamps)
        self.reading = self.info is None
        self._queue.run(lambda: _load(folder, part, *before), self._on_loaded)

    def _on_loaded(self, loaded: _Loaded) -> None:
        before = (self.info, self.parts, self.results, self.error, self.reading)
        self.reading = False
        self.info, self.parts, self.error = loaded.info, loaded.parts, loaded.error
        self.results, self._stamps = loaded.results, loaded.stamps
        if before != (self.info, self.parts, self.results, self.error, False):
            self.changed.emit()


def _load(folder: Path, part: str, results: RunResults | None, error: str, before: tuple[Stamp, Stamp]) -> _Loaded:
    """Read a run, in the thread; predictions that have not changed are not read again.

    Args:
        folder: the run.
        part: the part of its data.
        results: the results that are shown.
        error: why there are none.
        before: the versions of the files that both are of.
    """
    stamps = _stamps(folder, part)
    info, parts = read_run(folder), stored_parts(folder)
    # Results that were measured because the run stores none stay until it stores some.
    if stamps[0] != before[0] and stamps[0] is not None:
        try:
            results, error = read_results(folder, results_file(folder, part)).prepare(), ""
        except UserError as reason:
            results, error = None, str(reason)
    return _Loaded(info, parts, results, error, stamps)


def _stamps(folder: Path, part: str) -> tuple[Stamp, Stamp]:
    return _stamp(results_file(folder, part)), _stamp(folder / STATE)


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
