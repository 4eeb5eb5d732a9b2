"""Commands to a running training: read from stdin and from signals, followed by the loop between two steps."""

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from composer.core.json_text import load_json

COMMANDS = ("pause", "resume", "stop", "checkpoint")


class Control:
    """The commands that the loop has received; written by a reader thread and by signals, read by the loop.

    Attributes:
        pending: whether the loop should look at the commands; a plain attribute, because the loop reads it in every
            step.
        interrupted: whether a signal has asked for the end.
    """

    def __init__(self) -> None:
        self.pending = False
        self.interrupted = False
        self._wake = threading.Event()
        self._stop = self._pause = self._checkpoint = False

    def send(self, command: str) -> None:
        """Send ``pause``, ``resume``, ``stop`` or ``checkpoint``; anything else is ignored."""
        if command == "stop":
            self._stop = True
        elif command == "checkpoint":
            self._checkpoint = True
        elif command in ("pause", "resume"):
            self._pause = command == "pause"
        # A signal handler runs this in the middle of the loop's own code, so there is no lock that it could wait for.
        self.pending = True
        self._wake.set()

    @property
    def stop(self) -> bool:
        """Whether the run should save and end."""
        return self._stop

    @property
    def pause(self) -> bool:
        """Whether the run should save and wait."""
        return self._pause and not self._stop

    def take_checkpoint(self) -> bool:
        """Return whether a checkpoint was requested since the last call."""
        requested, self._checkpoint = self._checkpoint, False
        return requested

    def acknowledge(self) -> None:
        """Mark all commands so far as seen."""
        self.pending = self._stop

    def wait(self, seconds: float = math.inf) -> None:
        """Sleep until the next command, or for some seconds."""
        end = time.monotonic() + seconds
        # In short pieces, because on Windows a signal does not interrupt an endless wait.
        while not self._wake.wait(min(0.5, max(0.0, end - time.monotonic()))):
            if time.monotonic() >= end:
                return
        self._wake.clear()

    def read_stdin(self) -> None:
        """Start a thread that reads commands, one notification per line; the end of stdin stops the run."""
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def _read(self) -> None:
        # os.read, not sys.stdin: a thread blocked inside sys.stdin holds its lock and aborts the interpreter at exit.
        rest = b""
        while True:
            try:
                data = os.read(0, 4096)
            except OSError:
                data = b""
            if not data:
                self.send("stop")
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                try:
                    command = load_json(line)["method"]
                except (ValueError, KeyError, TypeError):
                    continue
                if command in COMMANDS:
                    self.send(command)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Save and stop on Ctrl+C and SIGTERM; a second Ctrl+C interrupts immediately."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_signal(number: int, _frame: object) -> None:
            if self._stop and number == signal.SIGINT:
                raise KeyboardInterrupt
            self.interrupted = True
            self.send("stop")

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
