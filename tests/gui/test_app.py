"""Starting: with a display, without one, and with a system that lacks libraries."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from composer.gui import app
from tests.patience import seconds

RUN = [sys.executable, "-c", "import sys; from composer.gui.app import run; sys.exit(run(None))"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux runs without a display")
def test_without_a_display_there_is_a_sentence_and_no_abort() -> None:
    bare = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run(RUN, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "no display" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lacks libraries")
def test_missing_libraries_are_named_as_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.setattr(app, "_loads", lambda library: "cursor" not in library)
    assert (
        app.display_problem()
        == "Qt needs libraries to talk to the X server; install them with: sudo apt install libxcb-cursor0"
    )
    monkeypatch.setattr(app, "_loads", lambda library: "EGL" not in library)
    assert "libegl1" in (app.display_problem() or "")
    monkeypatch.setattr(app, "_loads", lambda library: True)
    assert app.display_problem() is None


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_an_interrupt_closes_the_window_and_keeps_the_work(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from PySide6.QtCore import QTimer
from composer.gui import app
application = app.application()
def later():
    window = next(w for w in application.topLevelWidgets() if hasattr(w, "bench"))
    window.session.document.add_block("ConvStem", (0, 0))
    QTimer.singleShot(300, lambda: os.kill(os.getpid(), signal.SIGINT))
QTimer.singleShot(500, later)
sys.exit(app.run(None))
"""
    environment = {**os.environ, "NETCOMPOSER_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=seconds(60), check=False
    )
    assert done.returncode == 130, done.stderr
    assert len(list((tmp_path / "recovery").glob("*.json"))) == 1


def test_a_design_is_drawn_without_a_window(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from composer.core.files.design_file import load
from composer.core.facts import DesignFacts
from composer.gui.design_images import render_design
from composer import template
render_design(load(template("resnet50")), DesignFacts(), Path(sys.argv[1]), theme="dark")
assert "torch" not in sys.modules
"""
    bare = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.png")], env=bare, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.png").stat().st_size > 10_000
