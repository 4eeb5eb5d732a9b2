"""The talk between a training run and whoever started it: commands come in on stdin and as signals, events go out on stdout."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

COMMANDS = ("pause", "resume", "stop", "checkpoint")


class Control:
    """What the loop is asked to do; written by a reader thread and by signals, read by the loop between two steps.

    `pending` is a plain attribute, so that looking at it in every step costs nothing.
    """

    def __init__(self) -> None:
        self.pending = False
        self._wake = threading.Event()
        self._stop = self._pause = self._checkpoint = False

    def send(self, command: str) -> None:
        """Ask for ``pause``, ``resume``, ``stop`` or ``checkpoint``; anything else is ignored."""
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
        """Whether a checkpoint was asked for since the last look."""
        asked, self._checkpoint = self._checkpoint, False
        return asked

    def acknowledge(self) -> None:
        """Everything asked so far has been seen."""
        self.pending = self._stop

    def wait(self) -> None:
        """Sleep until something new is asked."""
        # With a limit, because on Windows a signal does not interrupt an endless wait.
        while not self._wake.wait(0.5):
            pass
        self._wake.clear()

    def read_stdin(self) -> None:
        """Start a thread that reads commands, one JSON object a line; the end of stdin means that the parent is gone: stop."""
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
                    command = json.loads(line)["command"]
                except (ValueError, KeyError, TypeError):
                    continue
                if command in COMMANDS:
                    self.send(command)

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Ctrl+C and a polite kill mean save and stop; a second Ctrl+C interrupts at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_signal(number: int, _frame: object) -> None:
            if self._stop and number == signal.SIGINT:
                raise KeyboardInterrupt
            self.send("stop")

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Report:
    """Says what a run does: JSON events for a parent process, short lines for a person, or nothing.

    Args:
        style: ``pipe``, ``text`` or ``silent``.
    """

    def __init__(self, style: str = "silent") -> None:
        self.style = style
        self.failed = False
        self._out = sys.stdout
        if style == "pipe":
            # The pipe belongs to the protocol: whatever a block or a library prints goes to stderr instead.
            self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
            os.dup2(2, 1)

    def state(self, state: Mapping[str, Any]) -> None:
        """A new state of the run."""
        self.failed = state["state"] == "failed"
        if self.style == "pipe":
            self._line(json.dumps({"event": "state", **state}))
        elif self.style == "text" and state["state"] in ("paused", "stopped"):
            self._line(state["state"])

    def metrics(self, record: Mapping[str, Any]) -> None:
        """A new line of metrics."""
        if self.style == "pipe":
            self._line(json.dumps({"event": "metrics", **record}))
        elif self.style == "text" and record["kind"] == "epoch":
            self._line(
                f"epoch {record['epoch']}/{record['epochs']}  loss {record['train_loss']:.4f}  "
                f"validation loss {record['val_loss']:.4f}  accuracy {record['val_accuracy']:.2%}  {record['seconds']:.1f} s"
            )

    def text(self, line: str) -> None:
        """A line for a person."""
        if self.style == "text":
            self._line(line)

    def _line(self, text: str) -> None:
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except (OSError, ValueError):
            self.style = "silent"  # the reader is gone; the end of stdin says what to do about it


def now() -> float:
    """Unix time, in milliseconds' precision."""
    return round(time.time(), 3)
