"""Long requests, each in an engine process of its own: shapes and costs stay live, and a cancel ends the process."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer

from composer.gui.workers.worker import OnError, OnProgress, OnResult, Request, Worker

# An idle process waits this long for the next request, which then need not import torch.
IDLE_MS = 60_000


class Job:
    """A running request.

    Args:
        jobs: the owner.
        worker: its process.
        request: its request.
    """

    def __init__(self, jobs: "Jobs", worker: Worker, request: Request) -> None:
        self._jobs = jobs
        self.worker = worker
        self.request = request

    @property
    def trace(self) -> str:
        """The traceback, after an error that has one."""
        return self.request.trace

    def cancel(self) -> None:
        """End its process; neither result nor error is delivered."""
        self._jobs.end(self)


class Jobs(QObject):
    """Starts processes for long requests, and reuses an idle one.

    Args:
        command: starts an engine process.
        parent: Qt parent.
    """

    def __init__(self, command: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._idle: Worker | None = None
        self._running: list[Job] = []
        self._timer = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._timer.timeout.connect(self._stop_idle)

    def start(
        self,
        method: str,
        params: Mapping[str, Any],
        on_result: OnResult,
        on_error: OnError | None = None,
        on_progress: OnProgress | None = None,
    ) -> Job:
        """Start a request; the arguments are those of `Worker.request`."""
        worker, self._idle = self._idle or Worker(self._command, self), None
        self._timer.stop()
        worker.start()

        def done(reply: dict[str, Any]) -> None:
            self._release(job)
            on_result(reply)

        def failed(reason: str) -> None:
            self._release(job)
            if on_error is not None:
                on_error(reason)

        job = Job(self, worker, worker.request(method, params, done, failed, on_progress))
        self._running.append(job)
        return job

    def end(self, job: Job) -> None:
        """End a job; see `Job.cancel`."""
        if job in self._running:
            self._running.remove(job)
            job.request.cancel()
            job.worker.stop(0)
            job.worker.deleteLater()

    def renew(self) -> None:
        """Run the next request in a new process, because custom blocks have changed."""
        self._stop_idle()

    def close(self) -> None:
        """End all processes."""
        for job in list(self._running):
            self.end(job)
        self._stop_idle()

    def _release(self, job: Job) -> None:
        if job in self._running:
            self._running.remove(job)
            if self._idle is None and job.worker.running:
                self._idle = job.worker
                self._timer.start()
            else:
                job.worker.stop()
                job.worker.deleteLater()

    def _stop_idle(self) -> None:
        self._timer.stop()
        worker, self._idle = self._idle, None
        if worker is not None:
            worker.stop()
            worker.deleteLater()
