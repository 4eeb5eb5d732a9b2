"""JSON lines on a pipe: reading requests, answering, progress, cancelling. The engine and the training process speak it."""

import json
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any, TextIO

from composer.core.errors import UserError

Handler = Callable[[Mapping[str, Any], "Progress"], Any]


class Cancelled(Exception):
    """Raised inside a handler whose request was cancelled."""


class Progress:
    """What a long-running handler reports to; calling it also notices a cancel.

    Args:
        send: writes one message.
        id: id of the request.
        cancelled: ids of cancelled requests.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None], id: int, cancelled: set[int]) -> None:
        self._send = send
        self._id = id
        self._cancelled = cancelled

    def __call__(self, fraction: float, message: str = "") -> None:
        """Report progress from 0 to 1.

        Raises:
            Cancelled: if the request was cancelled meanwhile.
        """
        if self._id in self._cancelled:
            raise Cancelled
        self._send({"id": self._id, "progress": fraction, "message": message})


class Channel:
    """The child's end of the pipe.

    Args:
        lines: where requests come from.
        out: where answers go; everything that prints by accident is sent to stderr instead.
    """

    def __init__(self, lines: TextIO, out: TextIO) -> None:
        self.lines = lines
        self.out = out
        self.lock = threading.Lock()
        self.queue: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self.cancelled: set[int] = set()

    @classmethod
    def stdio(cls) -> "Channel":
        """The process's own stdin and stdout; later prints go to stderr, so that they cannot break a line of the protocol."""
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        channel = cls(sys.stdin, sys.stdout)
        sys.stdout = sys.stderr
        return channel

    def send(self, message: dict[str, Any]) -> None:
        """Write one message as one line."""
        text = json.dumps(message, separators=(",", ":"))
        with self.lock:
            self.out.write(text + "\n")
            self.out.flush()

    def read(self) -> None:
        """Put requests into the queue until the pipe closes; runs in a thread, so that a cancel is seen during work."""
        for line in self.lines:
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                self.send({"event": "log", "text": f"not JSON: {line[:80]!r}"})
                continue
            if isinstance(message, dict) and isinstance(message.get("cancel"), int):
                self.cancelled.add(message["cancel"])
            elif (
                not isinstance(message, dict) or not isinstance(message.get("params", {}), dict) or "cancel" in message
            ):
                self.send({"event": "log", "text": f"not a request: {line[:80]!r}"})
            else:
                self.queue.put(message)
        self.queue.put(None)

    def serve(self, handlers: Mapping[str, Handler], newest_only: frozenset[str] = frozenset()) -> None:
        """Answer requests one after the other until the pipe closes.

        Args:
            handlers: by method name.
            newest_only: methods of which only the newest waiting request is worth an answer; older ones are answered
                ``superseded``.
        """
        threading.Thread(target=self.read, name="requests", daemon=True).start()
        waiting: list[dict[str, Any]] = []
        closed = False
        while waiting or not closed:
            while not closed and (not waiting or not self.queue.empty()):
                message = self.queue.get()
                if message is None:
                    closed = True  # what was asked before is still answered
                else:
                    waiting.append(message)
            if not waiting:
                return
            newest = {str(m.get("method")): m for m in waiting}
            request = waiting.pop(0)
            method = str(request.get("method"))
            if method in newest_only and newest[method] is not request:
                self.send({"id": request.get("id"), "superseded": True})
            else:
                self.answer(request, handlers)

    def answer(self, request: Mapping[str, Any], handlers: Mapping[str, Handler]) -> None:
        """Run one request's handler; whatever it raises becomes an error answer, and the worker lives on."""
        id = request.get("id")
        method = str(request.get("method"))
        if not isinstance(id, int) or isinstance(id, bool) or method not in handlers:
            self.send({"id": id, "error": f"unknown request {method!r}; known: {', '.join(handlers)}"})
            return
        if id in self.cancelled:
            self.send({"id": id, "cancelled": True})
            return
        try:
            result = handlers[method](request.get("params", {}), Progress(self.send, id, self.cancelled))
            self.send({"id": id, "result": result})
        except Cancelled:
            self.send({"id": id, "cancelled": True})
        except UserError as error:
            self.send({"id": id, "error": str(error)})
        except MemoryError:
            self.send({"id": id, "error": "the machine has too little memory for this; reduce the batch or the design"})
        except Exception as error:
            text = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
            self.send({"id": id, "error": text, "trace": traceback.format_exc()})
        finally:
            self.cancelled.discard(id)
