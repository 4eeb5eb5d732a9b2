"""Lets Ctrl+C in the terminal close the window: Python cannot handle signals while Qt's event loop runs."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication


@contextmanager
def quit_on_interrupt(app: Any) -> Iterator[list[int]]:
    """Close all windows on SIGINT or SIGTERM; unsaved work stays in the recovery file.

    Args:
        app: the application.

    Yields:
        The numbers of the signals that arrived.
    """
    arrived: list[int] = []
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda *_: _close_all(app))
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    handlers = {
        number: signal.signal(number, lambda number, _: arrived.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield arrived
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        notifier.setEnabled(False)
        reader.close()
        writer.close()


def _close_all(app: QApplication) -> None:
    for widget in app.topLevelWidgets():
        session = getattr(widget, "session", None)
        if session is not None:
            session.close(keep_recovery=True)  # there is nobody to answer a question
    app.quit()
