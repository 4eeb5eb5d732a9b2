"""A window, a session and a worker with an engine that needs no torch; each test has a home of its own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from composer.core.graph import Design, Graph, Input, Node, Output, Wire
from composer.gui.look import theme
from composer.gui.session.session import Session
from composer.gui.window import Window

FAKE_ENGINE = (sys.executable, str(Path(__file__).parent / "fake_engine.py"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of this test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("NETCOMPOSER_HOME", str(folder))
    return folder


@pytest.fixture
def small() -> Design:
    """An image, a stem, an attention layer, an output."""
    nodes = {
        "conv_stem": Node("conv_stem", "ConvStem", {"out_channels": 64}, (200, 0)),
        "attn": Node("attn", "TransformerEncoderLayer", {"num_heads": 4}, (440, 0)),
    }
    wires = (Wire("image", "conv_stem"), Wire("conv_stem", "attn"), Wire("attn", "logits"))
    main = Graph({"image": Input("image", (3, 32, 32))}, nodes, {"logits": Output("logits", (700, 0))}, wires)
    return Design("Small", main, variables={"width": 32})


@pytest.fixture
def session(qapp: QApplication) -> Iterator[Session]:
    """A session without an engine."""
    session = Session(engine=None)
    yield session
    session.close()


@pytest.fixture
def live(qapp: QApplication, qtbot: QtBot) -> Iterator[Session]:
    """A session whose engine is ready."""
    session = Session(FAKE_ENGINE)
    session.start_engine()
    qtbot.waitUntil(lambda: session.engine_state == "ready", timeout=20_000)
    yield session
    session.close()


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> Iterator[Callable[..., Window]]:
    """Makes windows; they are shown, complete, and closed at the end without a question."""
    windows: list[Window] = []

    def make(path: Path | str | None = None, design: Design | None = None) -> Window:
        theme.use(qapp, "light")
        window = Window(path, FAKE_ENGINE)
        windows.append(window)
        window.resize(1280, 800)
        with qtbot.waitExposed(window):
            window.show()
        qtbot.waitUntil(lambda: window.complete and window.bench.shown)
        window.canvas.set_animated(False)
        if design is not None:
            window.session.document.apply(design, "Begin")
        qtbot.waitUntil(lambda: window.session.engine_state == "ready" and window.session.facts_current, timeout=20_000)
        return window

    yield make
    for window in windows:
        if window.complete:
            window.session.document.undo_stack.setClean()
        window.close()
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the platform without a screen say what it cannot do; any other Qt warning fails its test."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))
