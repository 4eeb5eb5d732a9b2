"""Reports of a run to whoever started it: JSON events for a parent process, lines of text for a person, or nothing."""

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from composer.core import json_rpc
from composer.core.run_records import LOSS, Head

PROGRESS_SECONDS = 5.0


class Report:
    """Reports states and records.

    Args:
        style: ``pipe``, ``text`` or ``silent``.

    Attributes:
        failed: whether the last reported state is ``failed``.
    """

    def __init__(self, style: str = "silent") -> None:
        self.style = style
        self.failed = False
        self._head: Head | None = None
        self._progress_at = time.monotonic()
        self._out = sys.stdout
        if style == "pipe":
            # The pipe belongs to the protocol: whatever a block or a library prints goes to stderr instead.
            self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
            os.dup2(2, 1)

    def state(self, state: Mapping[str, Any]) -> None:
        """Report a new state of the run."""
        self.failed = state["state"] == "failed"
        if self.style == "pipe":
            self._line(json_rpc.encode(json_rpc.notification("state", state)))
        elif self.style == "text" and state["state"] in ("paused", "stopped"):
            message = state.get("message")
            self._line(f"{state['state']}: {message}" if message else state["state"])

    def metrics(self, record: Mapping[str, Any]) -> None:
        """Report a new record."""
        if record["kind"] == "head":
            self._head = Head.from_record(record)
        if self.style == "pipe":
            self._line(json_rpc.encode(json_rpc.notification("metrics", record)))
        elif self.style == "text" and record["kind"] == "epoch":
            self._line(self._epoch_text(record))

    def warning(self, message: str) -> None:
        """Report what the user should know, on stderr; the window keeps the last lines of it."""
        if self.style != "silent":
            sys.stderr.write(f"netcomposer: warning: {message}\n")
            sys.stderr.flush()

    def progress(self, _fraction: float, message: str) -> None:
        """Report slow work before the first step on stderr, a line every few seconds."""
        if self.style == "text" and time.monotonic() - self._progress_at > PROGRESS_SECONDS:
            self._progress_at = time.monotonic()
            sys.stderr.write(f"{message}\n")
            sys.stderr.flush()

    def text(self, line: str) -> None:
        """Print a line for a person."""
        if self.style == "text":
            self._line(line)

    def _epoch_text(self, record: Mapping[str, Any]) -> str:
        train, val = record["metrics"]["train"], record["metrics"]["val"]
        parts = [
            f"epoch {record['epoch']}/{record['epochs']}",
            f"loss {train[LOSS]:.4f}",
            f"validation loss {val[LOSS]:.4f}",
        ]
        metrics = self._head.metrics if self._head is not None else ()
        parts += [
            f"{metric.title.lower()} {metric.write(val[metric.name])}" for metric in metrics if metric.name in val
        ]
        return "  ".join([*parts, f"{record['seconds']:.1f} s"])

    def _line(self, text: str) -> None:
        try:
            self._out.write(text + "\n")
            self._out.flush()
        except (OSError, ValueError):
            self.style = "silent"  # the reader is gone; the end of stdin will stop the run
