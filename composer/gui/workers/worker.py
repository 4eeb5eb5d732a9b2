"""A child Python process that speaks JSON lines: requests and cancels on its stdin, answers and events on its stdout."""

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from composer import paths

ENGINE = (sys.executable, "-m", "composer.engine")

Result = Callable[[dict[str, Any]], None]
Failure = Callable[[str], None]
Progress = Callable[[float, str], None]

# Waits before each restart in a row; after the last one the worker stays off until it is asked for by hand.
BACKOFF_MS = (50, 300, 1000, 3000, 8000)
# A worker that lived this long had started well: the next death begins the row of waits anew.
HEALTHY_MS = 5_000
CLOSE_MS, TERMINATE_MS, KILL_MS = 300, 700, 2_000
STDERR_LINES = 40


@dataclass(eq=False)
class Request:
    """A question to a worker that is still open.

    Args:
        id: number that the answer carries.
        trace: the worker's traceback, once it answered with an error.
    """

    id: int
    worker: "Worker"
    on_result: Result
    on_error: Failure | None = None
    on_progress: Progress | None = None
    trace: str = field(default="", init=False)

    def cancel(self) -> None:
        """Forget the answer and tell the worker to stop computing it."""
        self.worker.cancel(self)

    @property
    def open(self) -> bool:
        """Whether the answer is still to come."""
        return self.id in self.worker.pending


class Worker(QObject):
    """Starts a worker process, asks it, hears its events and, if wished, starts it again when it dies.

    Args:
        command: program and arguments.
        parent: Qt parent.
        restart: whether to start it again when it dies unasked.
    """

    received = Signal(dict)
    # "starting", "ready", "busy", "restarting", "off", and a sentence that says why.
    state_changed = Signal(str, str)
    # Exit code of a process that ended and is not started again; negative after a crash or a kill.
    finished = Signal(int)

    def __init__(self, command: Sequence[str], parent: QObject | None = None, *, restart: bool = False) -> None:
        super().__init__(parent)
        self.command = list(command)
        self.state = "off"
        self.pending: dict[int, Request] = {}
        self.stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._restart = restart
        self._deaths = 0
        self._last_id = 0
        self._stopping = False
        self._process: QProcess | None = None
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self.start)
        self._healthy = QTimer(self, singleShot=True, interval=HEALTHY_MS)
        self._healthy.timeout.connect(self._forget_deaths)

    @property
    def pid(self) -> int:
        """Process id, 0 while there is none."""
        return self._process.processId() if self._process is not None else 0

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None

    def start(self) -> None:
        """Start the process, unless it runs."""
        if self._process is not None:
            return
        self._again.stop()
        self._stopping = False
        self.stderr.clear()
        process = QProcess(self)
        process.setProcessEnvironment(_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_stderr)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._failed)
        self._process = process
        self._set_state("starting")
        process.start(self.command[0], self.command[1:])

    def stop(self, patience_ms: int = CLOSE_MS) -> None:
        """End the process and wait for it: first by closing its stdin, then by asking the system, then by force.

        Args:
            patience_ms: how long it may take to end by itself, for a training that saves its state.
        """
        self._stopping = True
        self._again.stop()
        self._healthy.stop()
        process = self._process
        if process is not None:
            process.closeWriteChannel()
            if not process.waitForFinished(patience_ms):
                process.terminate()
                if not process.waitForFinished(TERMINATE_MS):
                    process.kill()
                    process.waitForFinished(KILL_MS)
        self._set_state("off")

    def close_input(self) -> None:
        """Close its stdin, which asks a worker to save and end, and do not wait."""
        self._stopping = True
        if self._process is not None:
            self._process.closeWriteChannel()

    def restart(self) -> None:
        """End the process, if it runs, and start it afresh."""
        self.stop()
        self._deaths = 0
        self.start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one line; without a process it is lost."""
        if self._process is not None:
            self._process.write(json.dumps(message).encode() + b"\n")
            # Now, not when the event loop comes round after painting; what does not fit into the pipe goes then.
            self._process.waitForBytesWritten(0)

    def request(
        self,
        method: str,
        params: Mapping[str, Any],
        on_result: Result,
        on_error: Failure | None = None,
        on_progress: Progress | None = None,
    ) -> Request:
        """Ask the worker.

        Args:
            method: name of the method.
            params: its arguments, plain JSON values.
            on_result: gets the result.
            on_error: gets one sentence, also when the worker dies.
            on_progress: gets a share of one and a text, any number of times.

        Returns:
            The open request, which can be cancelled.
        """
        self._last_id += 1
        request = Request(self._last_id, self, on_result, on_error, on_progress)
        self.pending[request.id] = request
        if self._process is None:
            # Not from inside this call: the caller has not got the request yet.
            QTimer.singleShot(0, self, lambda: self._fail(request, "the engine is not running"))
        else:
            self.send({"id": request.id, "method": method, "params": params})
            if self.state == "ready":
                self._set_state("busy")
        return request

    def cancel(self, request: Request) -> None:
        """Forget a request; see `Request.cancel`."""
        if self.pending.pop(request.id, None) is not None:
            self.send({"cancel": request.id})
            self._settle()

    def _read(self) -> None:
        process = self._process
        while process is not None and process is self._process and process.canReadLine():
            line = bytes(process.readLine().data())
            try:
                message = json.loads(line)
            except ValueError:
                self.stderr.append(
                    line.decode(errors="replace").rstrip()
                )  # a stray print of a block: keep it with the log
                continue
            if isinstance(message, dict):
                self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if "event" in message:
            if message["event"] == "ready":
                self._healthy.start()
                self._set_state("busy" if self.pending else "ready")
            self.received.emit(message)
            return
        request = self.pending.get(message.get("id", -1))
        if request is None:
            return
        if "progress" in message:
            if request.on_progress is not None:
                request.on_progress(float(message["progress"]), str(message.get("message", "")))
            return
        if "error" in message:
            request.trace = str(message.get("trace", ""))
            self._fail(request, str(message["error"]))
        else:
            del self.pending[request.id]
            request.on_result(message.get("result", {}))
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

    def _failed(self, error: QProcess.ProcessError) -> None:
        # Only a failed start has no `finished` after it.
        if error == QProcess.ProcessError.FailedToStart:
            self._gone(-1)

    def _ended(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_stderr()
        self._gone(code if status == QProcess.ExitStatus.NormalExit else -abs(code or 1))

    def _gone(self, code: int) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.deleteLater()
        self._healthy.stop()
        reason = self.stderr[-1] if self.stderr else f"ended with code {code}"
        waiting, again = (
            list(self.pending.values()),
            self._restart and not self._stopping and self._deaths < len(BACKOFF_MS),
        )
        if again:
            self._again.start(BACKOFF_MS[self._deaths])
            self._deaths += 1
        self._set_state("restarting" if again else "off", "" if self._stopping else reason)
        for request in waiting:
            self._fail(request, f"the engine stopped while computing this ({reason})")
        if not again:
            self.finished.emit(code)

    def _forget_deaths(self) -> None:
        self._deaths = 0

    def _set_state(self, state: str, detail: str = "") -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state, detail)


def _environment() -> QProcessEnvironment:
    environment = QProcessEnvironment.systemEnvironment()
    known = environment.value("PYTHONPATH")
    environment.insert("PYTHONPATH", os.pathsep.join([str(paths.ROOT), *([known] if known else [])]))
    environment.insert("PYTHONUNBUFFERED", "1")
    environment.insert("PYTHONUTF8", "1")
    return environment
