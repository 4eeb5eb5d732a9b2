"""Lets Ctrl+C in the terminal close the window: Qt's loop would never give Python the chance to hear it."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication


@contextmanager
def quit_on_interrupt(app: Any) -> Iterator[None]:
    """Close all windows at SIGINT or SIGTERM, as if the user had: work is kept by the recovery file.

    Args:
        app: the application.
    """
    here, there = socket.socketpair()
    here.setblocking(False)
    there.setblocking(False)
    notifier = QSocketNotifier(here.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda *_: _close_all(app))
    before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    handlers = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        notifier.setEnabled(False)
        here.close()
        there.close()


def _close_all(app: QApplication) -> None:
    for widget in app.topLevelWidgets():
        session = getattr(widget, "session", None)
        if session is not None:
            session.close(keep_recovery=True)  # nobody is there to answer a question
    app.quit()
