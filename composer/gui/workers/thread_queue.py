"""Work on files in a thread: what reads or writes many of them must not hold up the window."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from composer.core.errors import UserError

T = TypeVar("T")
# A thread that hangs in a network folder is left alone after this many seconds.
PATIENCE = 0.5


@dataclass(frozen=True, slots=True)
class _Task:
    function: Callable[[], Any]
    on_result: Callable[[Any], object]
    on_error: Callable[[Exception], object] | None
    stopping: threading.Event


class ThreadQueue(QObject):
    """Runs functions one after another in a thread, which ends when there is nothing left to run.

    Args:
        name: name of the thread.
        parent: Qt parent.

    Attributes:
        stopping: set by `drop` for what was queued until then; a long function looks at it and ends early.
    """

    _finished = Signal(object, object, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stopping = threading.Event()
        self._name = name
        self._queue: deque[_Task] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._finished.connect(self._deliver)

    @property
    def busy(self) -> bool:
        """Whether something runs or waits."""
        with self._lock:
            return self._thread is not None

    def run(
        self,
        function: Callable[[], T],
        on_result: Callable[[T], object],
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        """Run a function in the thread.

        Args:
            function: touches no Qt object but signals.
            on_result: gets what it returned, in the thread of this object.
            on_error: gets the error it raised, an `OSError` or a `UserError`; by default errors are dropped.
        """
        with self._lock:
            self._queue.append(_Task(function, on_result, on_error, self.stopping))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def drop(self) -> None:
        """Drop what waits, and let what runs end early; its result is not delivered."""
        with self._lock:
            self.stopping.set()
            self.stopping = threading.Event()
            self._queue.clear()

    def stop(self) -> None:
        """Drop everything, and wait a moment until what runs has ended."""
        self.drop()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(PATIENCE)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._thread = None
                    return
                task = self._queue.popleft()
            receiver: Callable[[Any], object] | None = task.on_result
            try:
                outcome = task.function()
            except (OSError, UserError) as error:
                outcome, receiver = error, task.on_error
            if receiver is not None and not task.stopping.is_set():
                try:
                    self._finished.emit(receiver, outcome, task.stopping)
                except RuntimeError:  # the window was deleted meanwhile
                    return

    def _deliver(self, receiver: Callable[[Any], object], outcome: Any, stopping: threading.Event) -> None:
        if not stopping.is_set():
            receiver(outcome)
