"""Long work, each piece in an engine process of its own: shapes and costs stay live meanwhile, and a cancel ends the process at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer

from composer.gui.workers.worker import OnError, OnProgress, OnResult, Request, Worker

# A process that has done its work waits this long for more: the next piece then needs no start of torch.
IDLE_MS = 60_000


class Job:
    """A piece of work under way.

    Args:
        jobs: where it runs.
        worker: its process.
        request: its question.
    """

    def __init__(self, jobs: "Jobs", worker: Worker, request: Request) -> None:
        self._jobs = jobs
        self.worker = worker
        self.request = request

    @property
    def trace(self) -> str:
        """The traceback, once it failed with one."""
        return self.request.trace

    def cancel(self) -> None:
        """End it, whatever it does; its answer does not come any more."""
        self._jobs.end(self)


class Jobs(QObject):
    """Starts processes for long work and keeps one for the next piece.

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
        self._timer.timeout.connect(self._let_go)

    def start(
        self,
        method: str,
        params: Mapping[str, Any],
        on_result: OnResult,
        on_error: OnError | None = None,
        on_progress: OnProgress | None = None,
    ) -> Job:
        """Begin a piece of work; the arguments are those of `Worker.request`."""
        worker, self._idle = self._idle or Worker(self._command, self), None
        self._timer.stop()
        worker.start()

        def done(answer: dict[str, Any]) -> None:
            self._rest(job)
            on_result(answer)

        def failed(reason: str) -> None:
            self._rest(job)
            if on_error is not None:
                on_error(reason)

        job = Job(self, worker, worker.request(method, params, done, failed, on_progress))
        self._running.append(job)
        return job

    def end(self, job: Job) -> None:
        """See `Job.cancel`."""
        if job in self._running:
            self._running.remove(job)
            job.request.cancel()
            job.worker.stop(0)
            job.worker.deleteLater()

    def renew(self) -> None:
        """Begin the next piece in a fresh process, because the user's own blocks have changed."""
        self._let_go()

    def close(self) -> None:
        """End all processes."""
        for job in list(self._running):
            self.end(job)
        self._let_go()

    def _rest(self, job: Job) -> None:
        if job in self._running:
            self._running.remove(job)
            if self._idle is None and job.worker.running:
                self._idle = job.worker
                self._timer.start()
            else:
                job.worker.stop()
                job.worker.deleteLater()

    def _let_go(self) -> None:
        self._timer.stop()
        worker, self._idle = self._idle, None
        if worker is not None:
            worker.stop()
            worker.deleteLater()
