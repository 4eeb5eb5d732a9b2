"""Tells the user that a training has ended, if the window or its training panel is not in front."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QMainWindow

from composer.core.files.run_folder import read_run
from composer.gui.runs.run_process import RunHandle
from composer.gui.session.session import Session

# How long the task bar asks for attention; 0 means until the window is activated.
ALERT_MS = 0


class RunNotice(QObject):
    """Marks the window in the task bar when a training ends behind it, and shows the result when the user returns.

    Args:
        window: the window.
        session: its session.
        in_view: whether the user sees the training panel, which shows the result itself.

    Attributes:
        waiting: messages that are shown when the window is activated, each with its level.
    """

    def __init__(self, window: QMainWindow, session: Session, in_view: Callable[[], bool]) -> None:
        super().__init__(window)
        self._window, self._session, self._in_view = window, session, in_view
        self.waiting: list[tuple[str, str]] = []
        session.run_started.connect(self._follow)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Show what happened while the window was behind others."""
        if event.type() == QEvent.Type.WindowActivate and self.waiting:
            waiting, self.waiting = self.waiting, []
            for text, level in waiting:
                self._session.message.emit(text, level)
        return super().eventFilter(watched, event)

    def _follow(self, handle: RunHandle) -> None:
        handle.finished.connect(lambda _: self._on_finished(handle))

    def _on_finished(self, handle: RunHandle) -> None:
        front = self._window.isActiveWindow()
        if handle.state not in ("done", "failed") or (front and self._in_view()):
            return  # whoever stopped it knows, and the panel shows the rest
        result = (result_text(handle), "info" if handle.state == "done" else "error")
        if front:
            self._session.message.emit(*result)
        else:
            self.waiting.append(result)
            QApplication.alert(self._window, ALERT_MS)


def result_text(handle: RunHandle) -> str:
    """Return how a training has ended, in one sentence."""
    name = handle.design.name
    if handle.state == "failed":
        return f"The training of {name} failed: {handle.detail}"
    info = read_run(handle.folder)
    if info.metric is None or info.best is None:
        return f"The training of {name} is done"
    return f"The training of {name} is done: {info.best_text} validation {info.metric.title.lower()}"
