"""The worker's end of the JSON-RPC pipe: reads requests, runs their handlers, reports progress and respects cancels."""

import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any, TextIO

from composer.core import json_rpc
from composer.core.errors import UserError
from composer.core.json_rpc import Message
from composer.core.json_text import load_json

Handler = Callable[[Mapping[str, Any], "Progress"], Any]
# Characters of a malformed line that are quoted in the error.
QUOTED = 80


class Cancelled(Exception):
    """Raised inside a handler whose request was cancelled."""


class Progress:
    """Reports how far a request is; calling it also notices a cancel.

    Args:
        send: writes one message.
        id: id of the request.
        cancelled: ids of cancelled requests.
    """

    def __init__(self, send: Callable[[Message], None], id: int, cancelled: set[int]) -> None:
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
        params = {"id": self._id, "fraction": fraction, "message": message}
        self._send(json_rpc.notification(json_rpc.PROGRESS, params))


class Channel:
    """The worker's end of the pipe.

    Args:
        lines: source of the client's messages.
        out: destination of responses and notifications.

    Attributes:
        queue: requests that are not yet running; None marks the end of the pipe.
        cancelled: ids of cancelled requests.
    """

    def __init__(self, lines: TextIO, out: TextIO) -> None:
        self.lines = lines
        self.out = out
        self.lock = threading.Lock()
        self.queue: SimpleQueue[Message | None] = SimpleQueue()
        self.cancelled: set[int] = set()

    @classmethod
    def stdio(cls) -> "Channel":
        """Open the process's own stdin and stdout; later prints go to stderr, so that they cannot break a message."""
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        channel = cls(sys.stdin, sys.stdout)
        sys.stdout = sys.stderr
        return channel

    def send(self, message: Message) -> None:
        """Write one message as one line."""
        text = json_rpc.encode(message)
        with self.lock:
            self.out.write(text + "\n")
            self.out.flush()

    def notify(self, method: str, **params: Any) -> None:
        """Send a notification."""
        self.send(json_rpc.notification(method, params))

    def read(self) -> None:
        """Queue requests until the pipe closes; runs in a thread, so that a cancel is noticed while a handler runs."""
        for line in self.lines:
            try:
                message = load_json(line)
            except (ValueError, RecursionError):
                self.send(json_rpc.error(None, json_rpc.PARSE_ERROR, f"not JSON: {line[:QUOTED]!r}"))
                continue
            if not isinstance(message, dict) or not isinstance(message.get("params", {}), dict):
                self._refuse(line)
            elif message.get("method") != json_rpc.CANCEL:
                self.queue.put(message)
            elif isinstance(message.get("params", {}).get("id"), int):
                self.cancelled.add(message["params"]["id"])
            else:
                self._refuse(line)
        self.queue.put(None)

    def _refuse(self, line: str) -> None:
        self.send(json_rpc.error(None, json_rpc.INVALID_REQUEST, f"not a request: {line[:QUOTED]!r}"))

    def serve(self, handlers: Mapping[str, Handler], newest_only: frozenset[str] = frozenset()) -> None:
        """Handle requests one after the other until the pipe closes.

        Args:
            handlers: by method name.
            newest_only: methods of which only the newest waiting request is handled; older ones get the error
                ``SUPERSEDED``.
        """
        threading.Thread(target=self.read, name="requests", daemon=True).start()
        waiting: list[Message] = []
        closed = False
        while waiting or not closed:
            # 1. Take what has arrived; wait only if there is nothing to do.
            while not closed and (not waiting or not self.queue.empty()):
                message = self.queue.get()
                if message is None:
                    closed = True  # requests sent before the end are still handled
                else:
                    waiting.append(message)
            if not waiting:
                return
            # 2. Handle the oldest request, unless a newer one makes it pointless.
            newest = {str(m.get("method")): m for m in waiting}
            request = waiting.pop(0)
            method = str(request.get("method"))
            if method in newest_only and newest[method] is not request:
                self.send(json_rpc.error(request.get("id"), json_rpc.SUPERSEDED, "a newer request replaces this one"))
            else:
                self.handle(request, handlers)

    def handle(self, request: Mapping[str, Any], handlers: Mapping[str, Handler]) -> None:
        """Run a request's handler; whatever it raises becomes an error response, and the worker keeps running."""
        id = request.get("id")
        method = str(request.get("method"))
        if not isinstance(id, int) or isinstance(id, bool):
            self.send(json_rpc.error(None, json_rpc.INVALID_REQUEST, f"request {method!r} has no integer id"))
            return
        if method not in handlers:
            message = f"unknown request {method!r}; choose one of: {', '.join(handlers)}"
            self.send(json_rpc.error(id, json_rpc.METHOD_NOT_FOUND, message))
            return
        try:
            if id in self.cancelled:
                raise Cancelled
            value = handlers[method](request.get("params", {}), Progress(self.send, id, self.cancelled))
            self.send(json_rpc.result(id, value))
        except Cancelled:
            self.send(json_rpc.error(id, json_rpc.CANCELLED, "cancelled"))
        except UserError as error:
            self.send(json_rpc.error(id, json_rpc.USER_ERROR, str(error)))
        except MemoryError:
            message = "the machine has too little memory for this; reduce the batch or the design"
            self.send(json_rpc.error(id, json_rpc.OUT_OF_MEMORY, message))
        except Exception as error:
            lines = str(error).splitlines() or ["no message"]
            message = f"{type(error).__name__}: {lines[0]}"
            self.send(json_rpc.error(id, json_rpc.INTERNAL_ERROR, message, trace=traceback.format_exc()))
        finally:
            self.cancelled.discard(id)
