"""A child Python process that speaks JSON-RPC: requests go to its stdin, responses and events come from its stdout."""

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from composer import paths
from composer.core import json_rpc
from composer.gui.workers.outcome import ProcessOutcome

ENGINE = (sys.executable, "-m", "composer.engine")

OnResult = Callable[[dict[str, Any]], None]
OnError = Callable[[str], None]
OnProgress = Callable[[float, str], None]

# Waits before consecutive restarts; after the last one the worker stays off until it is started by hand.
BACKOFF_MS = (50, 300, 1000, 3000, 8000)
# A worker that ran this long had started well: after its death the waits start from the first again.
HEALTHY_MS = 5_000
CLOSE_MS, TERMINATE_MS, KILL_MS = 300, 700, 2_000
STDERR_LINES = 40


@dataclass(eq=False)
class Request:
    """A request that a worker has not answered yet.

    Args:
        id: number that the response carries.
        worker: the worker.
        on_result: receives the result.
        on_error: receives one sentence.
        on_progress: receives a share of one and a message.

    Attributes:
        trace: the worker's traceback, after an error response.
    """

    id: int
    worker: "Worker"
    on_result: OnResult
    on_error: OnError | None = None
    on_progress: OnProgress | None = None
    trace: str = field(default="", init=False)

    def cancel(self) -> None:
        """Drop the response and tell the worker to stop computing it."""
        self.worker.cancel(self)

    @property
    def open(self) -> bool:
        """Whether the response is still expected."""
        return self.id in self.worker.pending


class Worker(QObject):
    """Runs a worker process: sends requests, receives responses and events, and restarts it after a crash.

    Args:
        command: program and arguments.
        parent: Qt parent.
        restart: whether to restart the process when it ends without being stopped.

    Attributes:
        state: ``starting``, ``ready``, ``busy``, ``restarting`` or ``off``.
        pending: requests without a response, by id.
        stderr: the last lines of the process's stderr and of what it printed by accident.

    Signals:
        received: an event: its name under ``event``, and its values.
        state_changed: the new state, and a sentence that gives the reason.
        finished: the `ProcessOutcome` of a process that is not restarted.
    """

    received = Signal(dict)
    state_changed = Signal(str, str)
    finished = Signal(object)

    def __init__(self, command: Sequence[str], parent: QObject | None = None, *, restart: bool = False) -> None:
        super().__init__(parent)
        self.command = list(command)
        self.state = "off"
        self.pending: dict[int, Request] = {}
        self.stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._restart = restart
        self._failures = 0
        self._last_id = 0
        self._stopping = False
        self._process: QProcess | None = None
        self._restart_timer = QTimer(self, singleShot=True)
        self._restart_timer.timeout.connect(self.start)
        self._healthy_timer = QTimer(self, singleShot=True, interval=HEALTHY_MS)
        self._healthy_timer.timeout.connect(self._reset_failures)

    @property
    def pid(self) -> int:
        """Process id; 0 without a process."""
        return self._process.processId() if self._process is not None else 0

    @property
    def running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def start(self) -> None:
        """Start the process unless it is running."""
        if self._process is not None:
            return
        self._restart_timer.stop()
        self._stopping = False
        self.stderr.clear()
        process = QProcess(self)
        process.setProcessEnvironment(_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_stderr)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_process_error)
        self._process = process
        self._set_state("starting")
        process.start(self.command[0], self.command[1:])

    def stop(self, patience_ms: int = CLOSE_MS) -> None:
        """End the process and wait for it: close its stdin, then terminate it, then kill it.

        Args:
            patience_ms: how long it may take after its stdin was closed; a training saves its state then.
        """
        self._stopping = True
        self._restart_timer.stop()
        self._healthy_timer.stop()
        process = self._process
        if process is not None:
            process.closeWriteChannel()
            if not process.waitForFinished(patience_ms):
                process.terminate()
                if not process.waitForFinished(TERMINATE_MS):
                    process.kill()
                    process.waitForFinished(KILL_MS)
        self._set_state("off")

    def terminate(self) -> None:
        """Ask the system to end the process, without waiting."""
        self._stopping = True
        if self._process is not None:
            self._process.terminate()

    def close_input(self) -> None:
        """Close its stdin without waiting, upon which a worker saves and ends."""
        self._stopping = True
        if self._process is not None:
            self._process.closeWriteChannel()

    def restart(self) -> None:
        """End the process, if there is one, and start a new one."""
        self.stop()
        self._failures = 0
        self.start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one message; it is lost if there is no process."""
        if self._process is not None:
            self._process.write(json_rpc.encode(message).encode() + b"\n")
            # Write now instead of after painting; what does not fit into the pipe is written by the event loop.
            self._process.waitForBytesWritten(0)

    def notify(self, method: str, **params: Any) -> None:
        """Send a notification, which gets no response."""
        self.send(json_rpc.notification(method, params))

    def request(
        self,
        method: str,
        params: Mapping[str, Any],
        on_result: OnResult,
        on_error: OnError | None = None,
        on_progress: OnProgress | None = None,
    ) -> Request:
        """Send a request.

        Args:
            method: name of the method.
            params: its arguments, plain JSON values.
            on_result: receives the result.
            on_error: receives one sentence, also when the worker dies.
            on_progress: receives a share of one and a message, any number of times.

        Returns:
            The request, which can be cancelled.
        """
        self._last_id += 1
        request = Request(self._last_id, self, on_result, on_error, on_progress)
        self.pending[request.id] = request
        if self._process is None:
            # Not inside this call: the caller does not hold the request yet.
            QTimer.singleShot(0, self, lambda: self._fail(request, "the engine is not running"))
        else:
            self.send(json_rpc.request(request.id, method, params))
            if self.state == "ready":
                self._set_state("busy")
        return request

    def cancel(self, request: Request) -> None:
        """Cancel a request; see `Request.cancel`."""
        if self.pending.pop(request.id, None) is not None:
            self.notify(json_rpc.CANCEL, id=request.id)
            self._settle()

    def _read(self) -> None:
        process = self._process
        while process is not None and process is self._process and process.canReadLine():
            line = bytes(process.readLine().data())
            try:
                message = json.loads(line)
            except ValueError:
                # A stray print of a block belongs to the log.
                self.stderr.append(line.decode(errors="replace").rstrip())
                continue
            if isinstance(message, dict):
                self._handle(message)

    def _handle(self, message: dict[str, Any]) -> None:
        if "method" in message:
            self._handle_notification(str(message["method"]), message.get("params", {}))
        elif (request := self.pending.get(message.get("id", -1))) is not None:
            self._handle_response(request, message)

    def _handle_notification(self, method: str, params: dict[str, Any]) -> None:
        if method == json_rpc.PROGRESS:
            request = self.pending.get(params["id"])
            if request is not None and request.on_progress is not None:
                request.on_progress(float(params["fraction"]), str(params.get("message", "")))
            return
        if method == "ready":
            self._healthy_timer.start()
            self._set_state("busy" if self.pending else "ready")
        self.received.emit({"event": method, **params})

    def _handle_response(self, request: Request, message: dict[str, Any]) -> None:
        error = message.get("error")
        if error is None:
            del self.pending[request.id]
            request.on_result(message.get("result", {}))
        elif error["code"] in (json_rpc.CANCELLED, json_rpc.SUPERSEDED):
            del self.pending[request.id]  # whoever sent it no longer needs the answer
        else:
            request.trace = str(error.get("data", {}).get("trace", ""))
            self._fail(request, str(error["message"]))
        self._settle()

    def _fail(self, request: Request, reason: str) -> None:
        if self.pending.pop(request.id, None) is not None and request.on_error is not None:
            request.on_error(reason)

    def _settle(self) -> None:
        if self.state == "busy" and not self.pending:
            self._set_state("ready")

    def _read_stderr(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
            self.stderr.extend(line for line in text.splitlines() if line.strip())

    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        # Only a failed start has no `finished` after it.
        if error == QProcess.ProcessError.FailedToStart:
            self._handle_exit(ProcessOutcome(started=False))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_stderr()
        crashed = status == QProcess.ExitStatus.CrashExit
        self._handle_exit(ProcessOutcome(code, crashed, last_line=self.stderr[-1] if self.stderr else ""))

    def _handle_exit(self, outcome: ProcessOutcome) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.deleteLater()
        self._healthy_timer.stop()
        reason = outcome.describe("the engine")
        unanswered = list(self.pending.values())
        restarts = self._restart and not self._stopping and self._failures < len(BACKOFF_MS)
        if restarts:
            self._restart_timer.start(BACKOFF_MS[self._failures])
            self._failures += 1
        self._set_state("restarting" if restarts else "off", "" if self._stopping else reason)
        for request in unanswered:
            self._fail(request, f"the engine stopped while computing this ({reason})")
        if not restarts:
            self.finished.emit(outcome)

    def _reset_failures(self) -> None:
        self._failures = 0

    def _set_state(self, state: str, detail: str = "") -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state, detail)


def _environment() -> QProcessEnvironment:
    environment = QProcessEnvironment.systemEnvironment()
    inherited = environment.value("PYTHONPATH")
    folders = [str(paths.ROOT), *([inherited] if inherited else [])]
    environment.insert("PYTHONPATH", os.pathsep.join(folders))
    environment.insert("PYTHONUNBUFFERED", "1")
    environment.insert("PYTHONUTF8", "1")
    return environment
