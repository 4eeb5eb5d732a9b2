"""The end of a training is told to a user who does not look: in the task bar, and with a message on return."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from composer.gui.session.session import Session
from composer.gui.shell.run_notice import RunNotice
from tests.gui.tiny import tiny, write_run


class EndedRun(QObject):
    """A training that has just ended."""

    finished = Signal(object)

    def __init__(self, folder: Path, state: str, detail: str = "") -> None:
        super().__init__()
        self.design, self.folder, self.state, self.detail = tiny(), folder, state, detail


class FakeWindow(QMainWindow):
    """A window that is in front, or not."""

    front = False

    def isActiveWindow(self) -> bool:  # noqa: N802 - the name is Qt's
        return self.front


@pytest.fixture
def window(qtbot: QtBot) -> FakeWindow:
    window = FakeWindow()
    qtbot.addWidget(window)
    return window


def end(session: Session, run: EndedRun) -> None:
    session.run_started.emit(run)
    run.finished.emit(None)


def test_a_run_that_ends_behind_the_window_is_shown_on_return(
    window: FakeWindow, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts, messages = [], []
    monkeypatch.setattr(QApplication, "alert", lambda *arguments: alerts.append(arguments))
    session.message.connect(lambda text, level: messages.append((text, level)))
    RunNotice(window, session, lambda: True)
    end(session, EndedRun(write_run(tmp_path / "run", tiny()), "done"))
    assert len(alerts) == 1
    assert messages == []
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowActivate))
    assert messages == [("The training of Tiny is done: 90.0 % validation accuracy", "info")]
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowActivate))
    assert len(messages) == 1


@pytest.mark.parametrize("in_view", [True, False])
def test_in_front_it_is_only_shown_if_the_training_panel_is_not(
    window: FakeWindow, session: Session, tmp_path: Path, in_view: bool
) -> None:
    messages = []
    session.message.connect(lambda text, level: messages.append((text, level)))
    window.front = True
    RunNotice(window, session, lambda: in_view)
    end(session, EndedRun(tmp_path, "failed", "the loss is no longer a number"))
    expected = [("The training of Tiny failed: the loss is no longer a number", "error")]
    assert messages == ([] if in_view else expected)


def test_a_training_that_the_user_stopped_is_not_announced(
    window: FakeWindow, session: Session, tmp_path: Path
) -> None:
    notice = RunNotice(window, session, lambda: False)
    end(session, EndedRun(tmp_path, "stopped"))
    assert notice.waiting == []
