"""Measures a run that has stored no predictions, in a process of its own; the run's folder stays as it is."""

import tempfile
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from composer.core.errors import UserError
from composer.gui.runs.predictions import RunResults, read_results
from composer.gui.runs.results_feed import ResultsFeed
from composer.gui.workers.jobs import Job, Jobs
from composer.gui.workers.thread_queue import ThreadQueue


class Measurement(QObject):
    """Measures the run that a feed shows, and hands the feed the results.

    Args:
        jobs: starts the process.
        feed: the run, and who takes the results.
        parent: Qt parent.

    Attributes:
        share: how much has been measured, from 0 to 1.
        error: why the last measurement failed; empty if it did not.

    Signals:
        changed: it has started, ended or progressed.
    """

    changed = Signal()

    def __init__(self, jobs: Jobs, feed: ResultsFeed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._feed = jobs, feed
        self._job: Job | None = None
        self._folder: Path | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._queue = ThreadQueue("measured results", self)
        self.share = 0.0
        self.error = ""
        feed.changed.connect(self._on_feed)

    @property
    def running(self) -> bool:
        """Whether a run is being measured."""
        return self._job is not None

    def start(self) -> None:
        """Measure the run of the feed on its validation samples."""
        self.cancel()
        self._folder = self._feed.folder
        if self._folder is None:
            return
        self._scratch = tempfile.TemporaryDirectory(prefix="netcomposer_results_")
        self.share, self.error = 0.0, ""
        params = {"run": str(self._folder), "part": self._feed.part, "out": f"{self._scratch.name}/predictions.npz"}
        self._job = self._jobs.start("evaluate", params, self._on_result, self._on_error, self._on_progress)
        self.changed.emit()

    def cancel(self) -> None:
        """End a running measurement."""
        if self._job is not None:
            self._job.cancel()
            self._end("")

    def _on_feed(self) -> None:
        """Forget what belongs to another run."""
        if self._folder is not None and self._feed.folder != self._folder:
            self.cancel()
            self._folder, self.error = None, ""

    def _on_progress(self, share: float, _message: str) -> None:
        self.share = share
        self.changed.emit()

    def _on_result(self, reply: dict[str, Any]) -> None:
        folder, file = self._folder, Path(str(reply["file"]))
        if folder is not None:
            self._queue.run(lambda: read_results(folder, file).prepare(), self._on_read, self._on_unreadable)

    def _on_read(self, results: RunResults) -> None:
        self._end("")
        if results.folder == self._feed.folder:
            self._feed.show_results(results)

    def _on_unreadable(self, error: Exception) -> None:
        self._end(str(error) if isinstance(error, UserError) else f"the results cannot be read: {error}")

    def _on_error(self, reason: str) -> None:
        self._end(reason)

    def _end(self, error: str) -> None:
        self._job, self.error = None, error
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None
        self.changed.emit()
